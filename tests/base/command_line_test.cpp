#include "base/command_line.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace heat::base {
namespace {

namespace po = boost::program_options;

struct Parsed {
  bool goes_on = false;
  std::string out, error, name;
};

Parsed parse(std::vector<std::string> words, const std::string& command = "") {
  Parsed result;
  CommandLine line;
  line.program = "tool";
  line.command = command;
  line.opening = "Usage: tool\n\n";
  line.examples = "  tool --name x\n";
  if (command.empty()) add_program_options(line.options);
  line.options.add_options()("name", po::value(&result.name)->required(), "a name");
  std::vector<char*> argv;
  words.insert(words.begin(), "tool");
  for (std::string& word : words) argv.push_back(word.data());
  po::variables_map values;
  ::testing::internal::CaptureStdout();
  try {
    result.goes_on = parse_command_line(static_cast<int>(argv.size()), argv.data(), line, values);
  } catch (const ConfigError& e) {
    result.error = e.what();
  }
  result.out = ::testing::internal::GetCapturedStdout();
  return result;
}

TEST(CommandLine, ValuesAreStored) {
  const Parsed p = parse({"--name", "x"});
  EXPECT_TRUE(p.goes_on);
  EXPECT_EQ(p.name, "x");
  EXPECT_EQ(p.out + p.error, "");
}

TEST(CommandLine, HelpAndVersionComeBeforeWhatIsMissing) {
  const Parsed help = parse({"--help"}, "run");
  EXPECT_FALSE(help.goes_on);
  EXPECT_EQ(help.out.find("Usage: tool\n\nOptions:\n"), 0u) << help.out;
  EXPECT_NE(help.out.find("print this text"), std::string::npos);
  EXPECT_NE(help.out.find("\nExamples:\n  tool --name x\n"), std::string::npos);
  const Parsed version = parse({"--version"});
  EXPECT_FALSE(version.goes_on);
  EXPECT_EQ(version.out.find("tool "), 0u);
  EXPECT_EQ(help.error + version.error, "");
}

TEST(CommandLine, BadUsageSaysWhereTheHelpIs) {
  EXPECT_EQ(parse({}).error, "the option '--name' is required but missing (see tool --help)");
  EXPECT_EQ(parse({}, "run").error, "tool run: the option '--name' is required but missing (see tool run --help)");
  EXPECT_NE(parse({"--nam", "x"}).error, "");  // options are written in full
  EXPECT_NE(parse({"--name", "x", "y"}).error, "");
  EXPECT_NE(parse({"--version"}, "run").error, "");  // commands have none
}

}  // namespace
}  // namespace heat::base
