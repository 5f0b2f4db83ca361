#include "base/jobs/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/errors.h"

namespace heat::base {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

ProcessResult shell(const std::string& script, const std::function<bool()>& stop = nullptr) {
  return run_process({"/bin/sh", "-c", script}, stop);
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

bool is_running(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string pid, name, state;
  return (stat >> pid >> name >> state) && state != "Z";
}

TEST(Process, EndsThenStatusAndBothStreams) {
  const ProcessResult r = shell("echo out; echo err >&2; exit 7");
  EXPECT_EQ(r.status, 7);
  EXPECT_EQ(r.output, "out\n");
  EXPECT_EQ(r.error, "err\n");
  EXPECT_FALSE(r.was_killed());
}

TEST(Process, KilledThenStatusNamesTheSignal) {
  const ProcessResult r = shell("kill -9 $$");
  EXPECT_EQ(r.status, 128 + SIGKILL);
  EXPECT_TRUE(r.was_killed());
}

TEST(Process, MuchTextThenNoDeadlockAndTheLastOfItIsKept) {
  const ProcessResult r = shell(
      "i=0; while [ $i -lt 60000 ]; do echo 'a line of text that fills the pipe' >&2; i=$((i+1)); done; echo end >&2");
  EXPECT_EQ(r.status, 0);
  EXPECT_GT(r.error.size(), 1000000u);
  EXPECT_LE(r.error.size(), 1u << 20);
  EXPECT_EQ(r.error.substr(r.error.size() - 4), "end\n");
}

TEST(Process, AbsentProgramThenErrorNamesItAndTheReason) {
  try {
    run_process({"/nowhere/program"});
    FAIL() << "no error";
  } catch (const FileError& e) {
    EXPECT_STREQ(e.what(), "cannot start '/nowhere/program': No such file or directory");
  }
}

TEST(Process, StoppedThenItsChildrenEndTooWithinSeconds) {
  const fs::path file = fs::temp_directory_path() / ("heat_process_" + std::to_string(getpid()));
  const auto start = Clock::now();
  // A grandchild, and a shell that ignores SIGTERM: SIGKILL follows.
  EXPECT_THROW(shell("trap '' TERM; sleep 60 & echo $! > '" + file.string() + "'; wait; wait",
                     [&] { return seconds_since(start) > 0.5; }),
               Error);
  EXPECT_LT(seconds_since(start), 5);
  pid_t grandchild = 0;
  std::ifstream(file) >> grandchild;
  ASSERT_GT(grandchild, 0);
  for (int i = 0; i < 50 && is_running(grandchild); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(is_running(grandchild));
  fs::remove(file);
}

TEST(Process, ParentKilledThenItsChildEnds) {
  const fs::path file = fs::temp_directory_path() / ("heat_orphan_" + std::to_string(getpid()));
  const pid_t parent = fork();
  if (parent == 0) {
    shell("echo $$ > '" + file.string() + ".part'; mv '" + file.string() + ".part' '" + file.string() +
          "'; exec sleep 60");
    _exit(127);
  }
  for (int i = 0; i < 250 && !fs::exists(file); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  pid_t child = 0;
  std::ifstream(file) >> child;
  ASSERT_GT(child, 0);
  EXPECT_TRUE(is_running(child));
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  for (int i = 0; i < 150 && is_running(child); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_FALSE(is_running(child));
  fs::remove(file);
}

}  // namespace
}  // namespace heat::base
