// A decomposition method is named in its own file and in the registry; everything else takes its tensor network.
#include <gtest/gtest.h>

#include <cctype>
#include <regex>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

const std::string kRegistry = "offline/decompose/methods.cpp";

// The registry's word for its file, and the name that users write.
struct MethodName {
  std::string file, name;
};

std::string own_file(const MethodName& method) {
  return "offline/decompose/" + method.file + ".cpp";
}

std::vector<MethodName> method_names(const std::vector<SourceFile>& tree) {
  static const std::regex entry("X\\((\\w+)_method\\)"), name("name\\(\\) const override \\{ return \"([^\"]+)\"");
  std::vector<MethodName> names;
  std::smatch found;
  for (const SourceFile& file : tree)
    for (const std::string& line : file.lines)
      if (file.path == kRegistry && std::regex_search(line, found, entry)) names.push_back({found[1], ""});
  for (MethodName& method : names)
    for (const SourceFile& file : tree)
      for (const std::string& line : file.lines)
        if (file.path == own_file(method) && std::regex_search(line, found, name)) method.name = found[1];
  return names;
}

// "tensor_ring" -> "TensorRing".
std::string camel(const std::string& snake) {
  std::string text;
  bool up = true;
  for (char c : snake) {
    if (c != '_') text += up ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    up = c == '_';
  }
  return text;
}

// Finds lines whose code names a method: as an identifier of its own, or as a word of a text.
class Finder {
 public:
  explicit Finder(const MethodName& method)
      : identifier_("\\b(k" + camel(method.file) + "|" + method.file + "_method|(decompose|fitting|best)_" +
                    method.file + ")\\b"),
        word_("\"([^\"]*[^A-Za-z0-9_\".-])?" + method.name + "([^A-Za-z0-9_\"-][^\"]*)?\"") {}
  bool finds(const std::string& line) const {
    const std::string code = without_comment(line);
    return std::regex_search(code, identifier_) ||
           (code.find('"') != std::string::npos && std::regex_search(code, word_));
  }

 private:
  std::regex identifier_, word_;
};

TEST(MethodNames, LinesAreReadAsMeant) {
  const Finder train(MethodName{"tensor_train", "tt"});
  EXPECT_TRUE(train.finds("if (method == Method::kTensorTrain) return;"));
  EXPECT_TRUE(train.finds("if (name == \"tt\") return;"));
  EXPECT_TRUE(train.finds("help(\"--method cp | tt | svd\")"));
  EXPECT_TRUE(train.finds("decompose_tensor_train(w)"));
  EXPECT_FALSE(train.finds("\"ttm\", \"att\" // or \"tt\""));
}

TEST(MethodNames, StandInTheirFileAndTheRegistryOnly) {
  const std::vector<SourceFile> tree = repository_files();
  const std::vector<MethodName> methods = method_names(tree);
  ASSERT_GE(methods.size(), 4u);
  for (const MethodName& method : methods) {
    ASSERT_FALSE(method.name.empty()) << method.file;
    const Finder finder(method);
    int in_own = 0;
    for (const SourceFile& file : tree) {
      if (!is_source(file.path) || has_prefix(file.path, "tests/") || has_prefix(file.path, "bench/")) continue;
      const bool own = file.path == own_file(method) || file.path == kRegistry;
      for (std::size_t l = 0; l < file.lines.size(); ++l) {
        const bool named = finder.finds(file.lines[l]);
        in_own += named && own;
        EXPECT_TRUE(!named || own) << file.path << ":" << l + 1 << " names the method " << method.name << ": "
                                   << file.lines[l];
      }
    }
    EXPECT_GE(in_own, 2) << method.name;
  }
}

}  // namespace
}  // namespace heat::repo
