#include "base/config_reader.h"

#include <gtest/gtest.h>

namespace heat::base {
namespace {

TEST(ConfigReader, AllProblemsAreReportedTogetherWithLineAndSuggestion) {
  Problems problems;
  ConfigReader r = ConfigReader::parse("pes: sixteen\nlanes: 0\ngb_bites: 4\n", "a.yaml", problems);
  r.integer("pes", {1, 64});
  r.integer("lanes", {1, 64});
  r.integer_or("gb_bytes", 1);
  r.finish();
  ASSERT_EQ(problems.list().size(), 3u);
  EXPECT_EQ(problems.list()[0], "a.yaml:1: pes: expected an integer from 1 to 64, found 'sixteen'");
  EXPECT_EQ(problems.list()[1], "a.yaml:2: lanes: value 0 is out of range, expected an integer from 1 to 64");
  EXPECT_EQ(problems.list()[2], "a.yaml:3: gb_bites: unknown key (did you mean 'gb_bytes'?)");
  EXPECT_THROW(problems.throw_if_any(), ConfigError);
}

TEST(ConfigReader, TrailingCharactersAreNotANumber) {
  Problems problems;
  ConfigReader r = ConfigReader::parse("n: 12abc\nx: 1e3\n", "a.yaml", problems);
  r.integer("n");
  EXPECT_DOUBLE_EQ(r.number("x"), 1000.0);
  EXPECT_EQ(problems.list().size(), 1u);
}

TEST(ConfigReader, NestedSectionsAndListsNameTheirPath) {
  Problems problems;
  ConfigReader r =
      ConfigReader::parse("dram:\n  timing: {tCK: -1}\nlevels:\n  - {size: 4}\n  - {sise: 5}\n", "b.yaml", problems);
  r.section("dram").section("timing").number("tCK", {0.0, 10.0});
  for (auto& level : r.sections("levels")) level.integer("size");
  r.finish();
  ASSERT_EQ(problems.list().size(), 3u);
  EXPECT_NE(problems.list()[0].find("b.yaml:2: dram.timing.tCK: value -1 is out of range"), std::string::npos);
  EXPECT_NE(problems.list()[1].find("levels[1]: missing key 'size'"), std::string::npos);
  EXPECT_NE(problems.list()[2].find("b.yaml:5: levels[1].sise: unknown key (did you mean 'size'?)"), std::string::npos);
}

TEST(ConfigReader, AskingForAPlaceLeavesTheOtherKeysReadable) {
  Problems problems;
  ConfigReader r = ConfigReader::parse("a: 1\nb: [1, 2]\nc: {d: 4}\n", "p.yaml", problems);
  EXPECT_EQ(r.place("a"), "p.yaml:1: a");
  EXPECT_EQ(r.place("b"), "p.yaml:2: b");
  EXPECT_EQ(r.integer("a"), 1);
  EXPECT_EQ(r.integers("b").size(), 2u);
  EXPECT_EQ(r.section("c").integer("d"), 4);
  EXPECT_TRUE(problems.empty());
}

TEST(ConfigReader, FileThatCannotBeReadThenOneProblem) {
  Problems problems;
  for (const char* text : {"a: [1", "- 1"}) {
    ConfigReader r = ConfigReader::parse(text, "x.yaml", problems);
    r.integer("a");
    r.section("b").integer("c");
    r.finish();
  }
  ConfigReader r = ConfigReader::load("/absent/x.yaml", problems);
  r.integer("a");
  r.section("b").integer("c");
  r.finish();
  ASSERT_EQ(problems.list().size(), 3u);
  EXPECT_NE(problems.list()[2].find("/absent/x.yaml: cannot be read"), std::string::npos);
}

TEST(ConfigReader, BadYamlNamesFileAndLine) {
  Problems problems;
  ConfigReader::parse("a: [1, 2\nb: 3\n", "c.yaml", problems);
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_EQ(problems.list()[0].rfind("c.yaml:", 0), 0u);
}

TEST(ConfigReader, WordsComeFromATextOrAListAndNestedListsKeepTheirShape) {
  Problems problems;
  ConfigReader r = ConfigReader::parse(
      "text: C2 M4,P1\nlist: [C=2, 'M4 P1']\nnested: [[[C]], [[R, step], [P]]]\nflat: [C]\nother: 1\n", "w.yaml",
      problems);
  const std::vector<std::string> three{"C2", "M4", "P1"};
  EXPECT_EQ(r.words("text"), three);
  EXPECT_EQ(r.words("list"), (std::vector<std::string>{"C=2", "M4", "P1"}));
  const std::vector<std::vector<std::vector<std::string>>> nested{{{"C"}}, {{"R", "step"}, {"P"}}};
  EXPECT_EQ(r.nested_texts("nested"), nested);
  r.ignore("other");
  EXPECT_TRUE(problems.empty());
  r.nested_texts("flat");
  r.finish();
  ASSERT_EQ(problems.list().size(), 1u);
  EXPECT_NE(problems.list()[0].find("w.yaml:4"), std::string::npos);
}

}  // namespace
}  // namespace heat::base
