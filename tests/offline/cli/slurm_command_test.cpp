// A cost table as a job array of a real Slurm: killed tasks and a killed submitter, and the bytes of one process.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <thread>

#include "tests/support/slurm_cluster.h"

namespace {

namespace fs = std::filesystem;

class SlurmCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string missing = heat::test::SlurmCluster::missing_packages();
    if (!missing.empty()) GTEST_SKIP() << "needs the packages " << missing << " (apt-get install " << missing << ")";
    folder_ = fs::temp_directory_path() / ("heat_slurm_command_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(file("config.json")) << R"({"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2})";
    cluster_.emplace(folder_ / "slurm", 2);
  }
  void TearDown() override {
    if (child_ > 0) kill(child_, SIGKILL), waitpid(child_, nullptr, 0);
    cluster_.reset();
    fs::remove_all(folder_);
  }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Starts heat-offline cost-table; wait_for_it() has its exit status.
  void start(const std::string& out, const std::string& more) {
    const std::string line = "exec " + std::string(HEAT_BIN_DIR) + "/heat-offline cost-table --model-config " +
                             file("config.json") + " --arch " + HEAT_SOURCE_DIR +
                             "/configs/arch/simba.yaml --seq-len 16 --ratios 0.2,0.4 --top-k 1 --max-axes 3 "
                             "--iterations 60 --out " +
                             file(out) + " --json " + file(out + ".json") + " " + more + " 2>" + file("err");
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
  }
  int wait_for_it() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  static bool becomes(const std::function<bool()>& condition, double seconds) {
    for (int i = 0; i < seconds * 20; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return condition();
  }
  std::string running_task() const {
    const auto running = cluster_->tasks("RUNNING");
    return running.empty() ? "" : running.back();
  }

  fs::path folder_;
  std::optional<heat::test::SlurmCluster> cluster_;
  pid_t child_ = 0;
};

TEST_F(SlurmCommand, ArrayOfFourInterruptedThenATaskKilledThenBytesOfOneProcess) {
  start("whole", "");
  ASSERT_EQ(wait_for_it(), 0) << text("err");

  // The submitter gets SIGTERM: the array goes with it.
  start("array", "--jobs slurm:4 --slurm-options \"--partition=test --time=30\"");
  ASSERT_TRUE(becomes([&] { return !running_task().empty(); }, 60)) << text("err");
  EXPECT_EQ(cluster_->tasks().size(), 4u);
  kill(child_, SIGTERM);
  EXPECT_EQ(wait_for_it(), 1);
  EXPECT_NE(text("err").find("was cancelled"), std::string::npos) << text("err");
  EXPECT_TRUE(becomes([&] { return cluster_->tasks().empty(); }, 30));
  EXPECT_FALSE(fs::exists(file("array/front.json")));
  EXPECT_EQ(cluster_->submissions(), 1);

  // Again, and one task dies without a word.
  start("array", "--jobs slurm:4");
  ASSERT_TRUE(becomes([&] { return !running_task().empty(); }, 60)) << text("err");
  const std::string killed = running_task();
  ASSERT_FALSE(killed.empty()) << "no task ran long enough to be killed";
  cluster_->kill_task(killed);
  ASSERT_EQ(wait_for_it(), 0) << text("err");
  EXPECT_EQ(cluster_->submissions(), 3) << "the killed task is submitted again, and it alone";
  EXPECT_EQ(text("array/cost_table.sqlite"), text("whole/cost_table.sqlite"));
  EXPECT_EQ(text("array/front.json"), text("whole/front.json"));
  EXPECT_GT(text("array/cost_table.sqlite").size(), 10000u);
  EXPECT_FALSE(fs::exists(file("array/parts")));
  EXPECT_TRUE(cluster_->tasks().empty());
}

}  // namespace
