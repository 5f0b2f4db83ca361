#include "base/jobs/run_commands.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/errors.h"
#include "base/jobs/interrupt.h"

namespace heat::base {
namespace {

namespace fs = std::filesystem;

class RunCommands : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("heat_commands_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    options_.jobs = {JobsBackend::kProcesses, 3, {}};
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  static JobCommand shell(const std::string& name, const std::string& script) {
    return {name, {"/bin/sh", "-c", script}};
  }
  fs::path folder_;
  RunCommandsOptions options_;
};

TEST_F(RunCommands, ManyThenAllRunAndProgressCounts) {
  std::vector<JobCommand> commands;
  for (int i = 0; i < 8; ++i) commands.push_back(shell("c", "touch '" + file(std::to_string(i)) + "'"));
  std::vector<std::size_t> seen;
  options_.progress = [&](std::size_t done, std::size_t all) {
    EXPECT_EQ(all, 8u);
    seen.push_back(done);
  };
  run_commands(commands, options_);
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(fs::exists(file(std::to_string(i))));
  EXPECT_EQ(seen, (std::vector<std::size_t>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(RunCommands, SeveralFailThenTheFirstOfTheListIsNamedWithItsWords) {
  const std::vector<JobCommand> commands{shell("fine", "exit 0"), shell("first", "sleep 0.3; echo one >&2; exit 3"),
                                         shell("second", "echo two >&2; exit 4")};
  try {
    run_commands(commands, options_);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "first failed with status 3: one");
  }
}

TEST_F(RunCommands, KilledOnceThenRunAgain) {
  run_commands({shell("c", "[ -e '" + file("once") + "' ] || { touch '" + file("once") + "'; kill -9 $$; }; touch '" +
                               file("done") + "'")},
               options_);
  EXPECT_TRUE(fs::exists(file("done")));
}

TEST_F(RunCommands, KilledAlwaysThenErrorAfterTheAttempts) {
  EXPECT_THROW(run_commands({shell("c", "echo x >> '" + file("tries") + "'; kill -9 $$")}, options_), Error);
  EXPECT_EQ(fs::file_size(file("tries")), 2u * 3u);
}

TEST_F(RunCommands, FailsWithAMessageThenNotRunAgain) {
  EXPECT_THROW(run_commands({shell("c", "echo x >> '" + file("tries") + "'; exit 1")}, options_), Error);
  EXPECT_EQ(fs::file_size(file("tries")), 2u);
}

TEST_F(RunCommands, SignalledThenItEndsItsCommandsWithinSeconds) {
  const pid_t child = fork();
  if (child == 0) {
    catch_interrupts();
    try {
      run_commands({shell("a", "echo $$ > '" + file("pid") + "'; exec sleep 60"), shell("b", "exec sleep 60")},
                   options_);
    } catch (const Error&) {
      std::ofstream(file("stopped")) << "yes";
    }
    _exit(127);
  }
  for (int i = 0; i < 250 && !fs::exists(file("pid")); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  kill(child, SIGTERM);
  int status = 0;
  pid_t ended = 0;
  for (int i = 0; i < 250 && ended == 0; ++i) {
    ended = waitpid(child, &status, WNOHANG);
    if (ended == 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (ended == 0) kill(child, SIGKILL);
  ASSERT_EQ(ended, child) << "still runs five seconds after SIGTERM";
  EXPECT_TRUE(fs::exists(file("stopped")));
  pid_t command = 0;
  std::ifstream(file("pid")) >> command;
  EXPECT_NE(kill(command, 0), 0);
}

}  // namespace
}  // namespace heat::base
