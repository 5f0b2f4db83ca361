// The recipes of docs/extending.md: what they list is where their example stands, and what they call refused does not
// compile.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>

#include "tests/repo/source_tree.h"

namespace heat::repo {
namespace {

namespace fs = std::filesystem;

// The paths that the lines "- `path`, `path`: ..." of a section of docs/extending.md list, and whether each is there.
std::set<std::string> listed(const std::string& title) {
  static const std::regex quoted("`([A-Za-z0-9_./-]+/[A-Za-z0-9_.-]+)`");
  std::set<std::string> paths;
  for (const SourceFile& file : repository_files()) {
    if (file.path != "docs/extending.md") continue;
    bool inside = false, item = false;
    for (const std::string& line : file.lines) {
      if (has_prefix(line, "## ")) inside = line == "## " + title;
      // An item goes on in indented lines, up to its colon.
      if (has_prefix(line, "- ")) item = true;
      if (!inside || !item || (!has_prefix(line, "- ") && !has_prefix(line, "  "))) continue;
      const std::size_t colon = line.find(": ");
      const std::string head = line.substr(0, colon);
      for (std::sregex_iterator m(head.begin(), head.end(), quoted), end; m != end; ++m) paths.insert((*m)[1]);
      if (colon != std::string::npos) item = false;
    }
  }
  return paths;
}

// Files in which one of the words stands, but for tests, benchmarks and texts that no recipe lists.
std::set<std::string> found(const std::string& words, const std::set<std::string>& recipe) {
  const std::regex word("\\b(" + words + ")\\b");
  std::set<std::string> paths;
  for (const SourceFile& file : repository_files()) {
    if (has_prefix(file.path, "tests/") || has_prefix(file.path, "bench/")) continue;
    if (has_suffix(file.path, ".md") && recipe.count(file.path) == 0) continue;
    for (const std::string& line : file.lines)
      if (std::regex_search(line, word)) {
        paths.insert(file.path);
        break;
      }
  }
  return paths;
}

struct Recipe {
  const char *title, *words;
};
const Recipe kRecipes[] = {{"A decomposition method", "tensor_ring_method|tensor_ring\\.cpp"},
                           {"A unit of the chiplet", "SIMBA_VECTOR|VectorEngine|vector_engine"},
                           {"A machine", "public machines::\\w+|SimbaCostModel|machine_simba|simba::Machine"},
                           {"An energy action", "kNopByteHop|nop_byte_hop"},
                           {"A DRAM command", "kRefBank|REFPB"},
                           {"A network", "build_bert|bert\\.cpp"},
                           {"An operator of a network", "op::Softmax|SoftmaxStep|ValueId softmax"},
                           {"A task", "sst2|load_sst2_task"}};

TEST(Recipes, ListExactlyTheFilesOfTheirExample) {
  for (const Recipe& r : kRecipes) {
    const std::set<std::string> recipe = listed(r.title);
    EXPECT_GE(recipe.size(), 3u) << r.title;
    EXPECT_EQ(found(r.words, recipe), recipe) << r.title;
  }
}

std::string text_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the compiler says of `source` when the ABI has `more` engines than the tree's; empty when it takes it.
std::string compiled(const std::string& compiler, const std::string& source, int more) {
  const fs::path folder = fs::path(testing::TempDir()) / "heat_abi_with_more_engines";
  fs::create_directories(folder / "firmware/include");
  std::string abi = text_of(fs::path(HEAT_SOURCE_DIR) / "firmware/include/simba_abi.h");
  const std::size_t at = abi.find("  SIMBA_ENGINES\n");
  EXPECT_NE(at, std::string::npos);
  for (int i = 0; i < more; ++i) abi.insert(at, "  SIMBA_NEW_" + std::to_string(i) + ",\n");
  std::ofstream(folder / "firmware/include/simba_abi.h") << abi;
  std::ofstream(folder / "source") << "#include \"" << source << "\"\n";
  const fs::path log = folder / "log";
  const std::string command = compiler + " -fsyntax-only -I" + folder.string() + " -I" HEAT_SOURCE_DIR " " +
                              (folder / "source").string() + " 2> " + log.string();
  const int status = std::system(command.c_str());
  const std::string said = text_of(log);
  fs::remove_all(folder);
  EXPECT_EQ(status == 0, said.find("error") == std::string::npos) << said;
  return status == 0 ? "" : said;
}

TEST(Recipes, EngineWithoutItsLineInTheTableOfUnitsThenItDoesNotCompile) {
  const std::string compiler = HEAT_CXX_COMPILER " -x c++ -std=c++17";
  EXPECT_EQ(compiled(compiler, "machines/simba/units.h", 0), "");
  EXPECT_NE(compiled(compiler, "machines/simba/units.h", 1).find("every engine of the ABI has its line"),
            std::string::npos);
}

TEST(Recipes, EngineBeyondTheRegistersThenRefusedInBothLanguages) {
  for (const char* compiler : {HEAT_CXX_COMPILER " -x c++ -std=c++17", HEAT_C_COMPILER " -x c -std=c11"}) {
    EXPECT_EQ(compiled(compiler, "firmware/include/simba_abi.h", 8), "") << compiler;
    EXPECT_NE(compiled(compiler, "firmware/include/simba_abi.h", 9).find("move SIMBA_REG_DONE up"), std::string::npos)
        << compiler;
  }
}

}  // namespace
}  // namespace heat::repo
