// What a program's main does with what is thrown, and how problems are put together.
#include "base/program.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace heat::base {
namespace {

struct Ended {
  int status;
  std::string text;
};

template <class Thrown>
Ended ended_with(const Thrown& thrown) {
  testing::internal::CaptureStderr();
  const int status = run_program("prog", [&]() -> int { throw thrown; });
  return {status, testing::internal::GetCapturedStderr()};
}

TEST(Program, StatusOfTheBodyIsReturned) {
  EXPECT_EQ(run_program("prog", [] { return 0; }), 0);
  EXPECT_EQ(run_program("prog", [] { return 7; }), 7);
}

TEST(Program, EveryErrorHasItsStatusAndMessage) {
  const Ended config = ended_with(ConfigError("a.yaml:3: n: bad"));
  EXPECT_EQ(config.status, 2);
  EXPECT_EQ(config.text, "prog: error: a.yaml:3: n: bad\n");
  EXPECT_EQ(ended_with(ScheduleError("s")).status, 2);
  EXPECT_EQ(ended_with(TraceError("t")).status, 2);
  EXPECT_EQ(ended_with(FileError("f")).status, 1);
  EXPECT_EQ(ended_with(std::bad_alloc()).text, "prog: error: out of memory\n");
  const Ended internal = ended_with(std::logic_error("impossible"));
  EXPECT_EQ(internal.status, 1);
  EXPECT_EQ(internal.text, "prog: internal error: impossible\n");
}

TEST(Program, VersionLineIsTheNameAndTheVersion) {
  EXPECT_EQ(version_line("prog").rfind("prog ", 0), 0u);
}

TEST(Problems, OneErrorCarriesThemAllInOrder) {
  Problems problems;
  EXPECT_NO_THROW(problems.throw_if_any());
  problems.add("a.yaml:1: x", "first");
  problems.add("a.yaml:9: y", "second");
  try {
    problems.throw_if_any<ScheduleError>();
    FAIL() << "not thrown";
  } catch (const ScheduleError& error) {
    EXPECT_STREQ(error.what(), "2 problems:\n  a.yaml:1: x: first\n  a.yaml:9: y: second");
  }
}

TEST(HeatCheck, FailureNamesExpressionPlaceAndMessage) {
  try {
    HEAT_CHECK(1 + 1 == 3, "arithmetic");
    FAIL() << "not thrown";
  } catch (const std::logic_error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("1 + 1 == 3"), std::string::npos) << text;
    EXPECT_NE(text.find("program_test.cpp:"), std::string::npos) << text;
    EXPECT_NE(text.find("arithmetic"), std::string::npos) << text;
  }
  EXPECT_NO_THROW(HEAT_CHECK(true, ""));
}

int count_arguments(int argc, char** argv) {
  return argc * 10 + (std::string(argv[0]) == "count" ? 1 : 0);
}

int dispatch(std::vector<std::string> words) {
  static const CommandTable table{
      "prog", "counts", "<command>", "\nmore\n", {{"count", "counts words", count_arguments}}};
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  return table.dispatch(static_cast<int>(argv.size()), argv.data());
}

std::string rejection(const std::vector<std::string>& words) {
  try {
    dispatch(words);
  } catch (const ConfigError& e) {
    return e.what();
  }
  return "accepted";
}

TEST(CommandTable, CommandGetsTheArgumentsFromItsNameOn) {
  EXPECT_EQ(dispatch({"prog", "count"}), 11);
  EXPECT_EQ(dispatch({"prog", "count", "--help", "b"}), 31);
}

TEST(CommandTable, HelpListsCommandsAndEpilogue) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(dispatch({"prog", "--help"}), kDone);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "prog: counts\n\nUsage: prog <command>\n\nCommands:\n  count  counts words\n\n"
            "prog <command> --help lists a command's options with examples.\n\nmore\n");
}

TEST(CommandTable, UnknownOrMissingCommandIsAnErrorWithTheNearestName) {
  EXPECT_EQ(rejection({"prog"}), "no command given (see prog --help)");
  EXPECT_EQ(rejection({"prog", "cuont"}), "unknown command 'cuont', did you mean 'count'? (see prog --help)");
  EXPECT_EQ(rejection({"prog", "xylophone"}), "unknown command 'xylophone' (see prog --help)");
}

}  // namespace
}  // namespace heat::base
