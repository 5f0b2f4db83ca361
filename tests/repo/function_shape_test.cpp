// No function over 60 lines and none over 6 parameters without a comment above it that gives the reason ("lines",
// "parameters"); no class over 200 lines hidden in a .cpp.
//
// Measured on the text: comments and literals blanked, braces matched. A brace opens a function when what stands
// between it and the statement before has a parameter list and the brace lies in namespaces and classes only.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <regex>
#include <set>
#include <utility>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

constexpr int kMostLines = 60, kMostParameters = 6, kMostClassLines = 200;

enum class Block { kNamespace, kClass, kFunction, kOther };

struct Found {
  Block block = Block::kOther;
  std::string name;
  int line = 0, lines = 0, parameters = 0;  // line: of the statement's beginning
  std::string comment;                      // directly above
};

// The text with comments, literals and preprocessor lines as blanks; newlines stay.
std::string code_of(const SourceFile& file) {
  std::string text;
  bool continued = false;
  for (const auto& line : file.lines) {
    const auto first = line.find_first_not_of(' ');
    const bool directive = continued || (first != std::string::npos && line[first] == '#');
    continued = directive && !line.empty() && line.back() == '\\';
    text += (directive ? std::string(line.size(), ' ') : line) + "\n";
  }
  static const std::regex literals(
      R"re(//[^\n]*|/\*[^]*?\*/|R"(\w*)\([^]*?\)\1"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\[^\n])+')re");
  std::string code = text;
  for (std::sregex_iterator it(text.begin(), text.end(), literals), end; it != end; ++it) {
    // An apostrophe within a number is a separator.
    const auto at = static_cast<std::size_t>(it->position());
    if (text[at] == '\'' && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1]))) continue;
    for (std::size_t i = at; i < at + static_cast<std::size_t>(it->length()); ++i)
      if (code[i] != '\n') code[i] = ' ';
  }
  return code;
}

// The first parameter list of a statement: its name and number of parameters; nothing when there is none.
std::optional<std::pair<std::string, int>> parameter_list(std::string statement) {
  static const std::regex noise(R"(__attribute__\s*\(\([^)]*\)\)|__attribute__\s*\(\(.*?\)\)\)|alignas\([^)]*\))");
  statement = std::regex_replace(statement, noise, " ");
  static const std::regex opening(R"((~?[A-Za-z_]\w*|operator\s*(?:\(\)|[^\s\w(]+))\s*\()");
  std::smatch match;
  if (!std::regex_search(statement, match, opening)) return std::nullopt;
  static const std::set<std::string> kControl = {"if", "for", "while", "switch", "catch", "decltype", "requires"};
  if (kControl.count(match[1]) > 0) return std::nullopt;
  int depth = 0, parameters = 0;
  bool empty = true;
  for (auto i = static_cast<std::size_t>(match.position() + match.length()); i < statement.size(); ++i) {
    const char c = statement[i];
    if (c == ')' && depth == 0) break;
    if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == '>' || c == ']' || c == '}') --depth;
    if (c == ',' && depth == 0) ++parameters;
    if (c != ' ' && c != '\n') empty = false;
  }
  return std::make_pair(match[1].str(), empty ? 0 : parameters + 1);
}

Found classify(const std::string& statement) {
  Found found;
  static const std::regex in_namespace(R"(^\s*(inline\s+)?namespace\b|^\s*extern\s*$)");
  static const std::regex in_class(
      R"(^\s*(template\s*<[^{]*>\s*)?(static\s+|constexpr\s+)*(class|struct|union)\s+(\w+)?)");
  static const std::regex in_initializers(R"(\)\s*(noexcept\s*)?:[^:][^]*[\w>]\s*$)");  // the brace of "x{a}"
  std::smatch match;
  const auto list = parameter_list(statement);
  if (std::regex_search(statement, in_namespace)) {
    found.block = Block::kNamespace;
  } else if (!list && std::regex_search(statement, match, in_class)) {
    found.block = Block::kClass;
    found.name = match[4];
  } else if (list && statement.find('=') >= statement.find('(') && !std::regex_search(statement, in_initializers)) {
    found.block = Block::kFunction;
    found.name = list->first;
    found.parameters = list->second;
  }
  return found;
}

std::string comment_above(const SourceFile& file, int line) {
  std::string comment;
  for (int i = line - 2; i >= 0; --i) {
    const std::string& above = file.lines[static_cast<std::size_t>(i)];
    const auto first = above.find_first_not_of(' ');
    if (first == std::string::npos || above.compare(first, 2, "//") != 0) break;
    comment = above.substr(first + 2) + "\n" + comment;
  }
  return comment;
}

// The functions and classes of a file that lie in namespaces and classes only.
std::vector<Found> shapes_of(const SourceFile& file) {
  const std::string code = code_of(file);
  std::vector<Found> result, open;
  std::string statement;
  int line = 1, begin = 1, parentheses = 0;
  const auto restart = [&] { statement.clear(); };
  for (const char c : code) {
    if (statement.find_first_not_of(" \n") == std::string::npos) begin = line;
    const bool inside = std::any_of(open.begin(), open.end(), [](const Found& f) {
      return f.block == Block::kFunction || f.block == Block::kOther;
    });
    if (c == '{') {
      Found found = inside || parentheses > 0 ? Found() : classify(statement);
      found.line = begin;
      open.push_back(found);
      if (found.block != Block::kOther) restart();
    } else if (c == '}') {
      if (open.empty()) return result;  // unbalanced by macros: nothing further can be said
      Found found = open.back();
      open.pop_back();
      found.lines = line - found.line + 1;
      if (found.block == Block::kFunction || found.block == Block::kClass) {
        found.comment = comment_above(file, found.line);
        result.push_back(found);
      }
      if (found.block != Block::kOther) restart();
    } else if (!inside && c == ';' && parentheses == 0) {
      restart();
    } else if (!inside) {
      parentheses += c == '(' ? 1 : c == ')' ? -1 : 0;
      statement += c;
    }
    static const std::regex access(R"(^\s*(public|private|protected)\s*:\s*$)");
    if (c == ':' && std::regex_match(statement, access)) restart();
    if (c == '\n') ++line;
  }
  return result;
}

bool measured(const std::string& path) {
  return is_source(path) && !has_prefix(path, "tests/");
}

SourceFile source(const std::string& text) {
  SourceFile file{"x.cpp", {}};
  std::string line;
  for (const char c : text) {
    if (c != '\n')
      line += c;
    else
      file.lines.push_back(std::exchange(line, ""));
  }
  return file;
}

TEST(FunctionShape, MeasuresWhatTheTextSays) {
  const auto shapes = shapes_of(source(R"(namespace a {
struct S {
  int x{1};
  std::map<int, int> f(std::pair<int, int> p = {1, 2}, int q = 3) const { return {{1, 2}}; }
 private:
  S(int a, int b) : x{a}, y(b) {}
};
// Three parameters: "x(" and '{' in a comment.
template <class T>
int g(const T& t, int (*call)(int, int),
      int n) {
  const auto h = [](int a, int b, int c) { return a; };
  if (n > 1'000) { return 1; }
  return '{' + h(1, 2, 3);
}
}
)"));
  ASSERT_EQ(shapes.size(), 4u);
  EXPECT_EQ(shapes[0].name + std::to_string(shapes[0].parameters), "f2");
  EXPECT_EQ(shapes[1].name + std::to_string(shapes[1].parameters), "S2");
  EXPECT_EQ(shapes[2].name + std::to_string(shapes[2].lines), "S6");
  EXPECT_EQ(shapes[3].name + std::to_string(shapes[3].parameters), "g3");
  EXPECT_EQ(shapes[3].lines, 7);
  EXPECT_NE(shapes[3].comment.find("parameters"), std::string::npos);
}

TEST(FunctionShape, LongFunctionsAndParameterListsHaveAReason) {
  std::size_t functions = 0;
  for (const auto& file : repository_files()) {
    if (!measured(file.path)) continue;
    for (const Found& f : shapes_of(file)) {
      const std::string place = file.path + ":" + std::to_string(f.line) + ": " + f.name;
      if (f.block == Block::kClass) {
        EXPECT_TRUE(f.lines <= kMostClassLines || !has_suffix(file.path, ".cpp"))
            << place << " has " << f.lines << " lines; a class of that size wants a header";
        continue;
      }
      ++functions;
      EXPECT_TRUE(f.lines <= kMostLines || f.comment.find("lines") != std::string::npos)
          << place << " has " << f.lines << " lines; split it, or say above it why its lines stand together";
      EXPECT_TRUE(f.parameters <= kMostParameters || f.comment.find("parameters") != std::string::npos)
          << place << " has " << f.parameters << " parameters; group them, or say above it why there are so many";
    }
  }
  EXPECT_GT(functions, 1000u);
}

}  // namespace
}  // namespace heat::repo
