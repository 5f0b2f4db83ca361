// A network's name stands in its builder and in the list of networks: everything else takes the graph.
#include <gtest/gtest.h>

#include <regex>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

bool names_bert(const std::string& line) {
  static const std::regex name("Bert|(^|[^a-z])bert");
  static const std::regex example("wordnet-bert");  // the folder of the shipped example
  return std::regex_search(std::regex_replace(without_comment(line), example, ""), name);
}

TEST(NetworkNames, LinesAreReadAsMeant) {
  EXPECT_TRUE(names_bert("Bert model(config);"));
  EXPECT_TRUE(names_bert("name.substr(std::string(\"bert.\").size())"));
  EXPECT_TRUE(names_bert("class NaiveBert {"));
  EXPECT_FALSE(names_bert("// BERT's tokenization, see bert.h"));
  EXPECT_FALSE(names_bert("load(\"examples/wordnet-bert\")"));
  EXPECT_FALSE(names_bert("hilbert(x)"));
}

TEST(NetworkNames, BertStandsInItsBuilderAndTheListOnly) {
  std::size_t builder = 0;
  for (const auto& file : repository_files()) {
    if (!is_source(file.path) || has_prefix(file.path, "tests/") || has_prefix(file.path, "bench/")) continue;
    if (has_prefix(file.path, "offline/network/bert.")) {
      ++builder;
      continue;
    }
    if (file.path == "offline/network/model_types.cpp") continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i)
      EXPECT_FALSE(names_bert(file.lines[i])) << file.path << ":" << i + 1 << ": " << file.lines[i];
  }
  EXPECT_EQ(builder, 2u);
}

}  // namespace
}  // namespace heat::repo
