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

TEST(CommandLine, NumberThatTheOptionCannotHoldThenErrorNamesItAndWhatIsExpected) {
  const auto error = [](const std::string& option, const std::string& text) {
    CommandLine line;
    line.program = "tool";
    line.options.add_options()("count", po::value<int>(), "")("seed", po::value<std::uint64_t>(), "")(
        "size", po::value<std::int64_t>(), "")("ratio", po::value<double>(), "");
    std::vector<std::string> words{"tool", "--" + option + "=" + text};
    char* argv[] = {words[0].data(), words[1].data()};
    po::variables_map values;
    try {
      parse_command_line(2, argv, line, values);
    } catch (const ConfigError& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_EQ(error("count", "-2147483648") + error("seed", "18446744073709551615") + error("size", "+7"), "");
  EXPECT_EQ(error("ratio", "1e-300") + error("ratio", "-2.5"), "");
  EXPECT_EQ(error("count", "2147483648"),
            "--count '2147483648': expected an integer from -2147483648 to 2147483647 (see tool --help)");
  EXPECT_EQ(error("seed", "-1"), "--seed '-1': expected an integer from 0 to 18446744073709551615 (see tool --help)");
  for (const char* text : {"9223372036854775808", "1.5", "1e3", "x", "7 "})
    EXPECT_EQ(error("size", text), "--size '" + std::string(text) +
                                       "': expected an integer from -9223372036854775808 to 9223372036854775807 (see "
                                       "tool --help)");
  for (const char* text : {"nan", "inf", "-inf", "1e999", "1x"})
    EXPECT_EQ(error("ratio", text), "--ratio '" + std::string(text) + "': expected a finite number (see tool --help)");
}

}  // namespace
}  // namespace heat::base
