// The cost-table command as a script meets it: a small model, a kill in the middle, a resumed run, wrong options.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "offline/cost_table/table.h"

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class CostTableCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(::testing::TempDir()) / ("heat_cost_table_command_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
    std::ofstream(file("config.json")) << R"({"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2})";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string file(const std::string& name) const { return (folder_ / name).string(); }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string command(const std::string& out, const std::string& more) const {
    return "exec " + std::string(HEAT_BIN_DIR) + "/heat-offline cost-table --model-config " + file("config.json") +
           " --arch " + HEAT_SOURCE_DIR +
           "/configs/arch/simba.yaml --seq-len 16 --top-k 1 --max-axes 3 --ratios 0.2,0.4 --out " + file(out) +
           " --json " + file("out.json") + " " + more + " 2>" + file("err");
  }
  int run(const std::string& out, const std::string& more) const {
    fs::remove(file("out.json"));
    return WEXITSTATUS(std::system(command(out, more).c_str()));
  }

  // Starts the command and kills it after so many milliseconds, if it still runs then.
  void run_and_kill(const std::string& out, const std::string& more, int milliseconds) const {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const std::string line = "exec " + command(out, more);
      execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
      _exit(127);
    }
    usleep(static_cast<useconds_t>(1000 * milliseconds));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  int merge(const std::string& out) const {
    return WEXITSTATUS(std::system((std::string(HEAT_BIN_DIR) + "/heat-offline merge --out " + file(out) + " --json " +
                                    file("merge.json") + " 2>" + file("err"))
                                       .c_str()));
  }

  fs::path folder_;
};

TEST_F(CostTableCommand, KilledAndResumedThenSameFrontAsInOneGo) {
  ASSERT_EQ(run("whole", ""), 0) << text("err");
  const json summary = json::parse(text("out.json"));
  EXPECT_EQ(summary["sizes"].size(), 3u);
  EXPECT_GT(summary["computed"].get<int>(), 20);
  const json front = json::parse(text("whole/front.json"));
  for (const auto& size : front["sizes"]) {
    EXPECT_TRUE(size.contains("dense"));
    EXPECT_GT(size["front"].size(), 3u);
    for (const char* method : {"cp", "tucker", "ttm"}) EXPECT_TRUE(size["s_star"].contains(method)) << method;
  }

  run_and_kill("parts", "--threads 1", 150);
  ASSERT_EQ(run("parts", "--resume"), 0) << text("err");
  EXPECT_EQ(text("parts/front.json"), text("whole/front.json"));
  ASSERT_EQ(run("parts", "--resume"), 0) << text("err");
  EXPECT_EQ(json::parse(text("out.json"))["computed"], 0);
}

TEST_F(CostTableCommand, AnyThreadsProcessesAndShardsThenTheSameBytes) {
  ASSERT_EQ(run("whole", "--jobs threads:1"), 0) << text("err");
  const auto same = [&](const std::string& out) {
    EXPECT_EQ(text(out + "/cost_table.sqlite"), text("whole/cost_table.sqlite")) << out;
    EXPECT_EQ(text(out + "/front.json"), text("whole/front.json")) << out;
    EXPECT_FALSE(fs::exists(file(out + "/parts"))) << out;
  };
  const std::string summary = text("out.json");
  ASSERT_EQ(run("threads", "--jobs threads:3"), 0) << text("err");
  same("threads");
  ASSERT_EQ(run("processes", "--jobs processes:3"), 0) << text("err");
  same("processes");
  EXPECT_EQ(json::parse(text("out.json"))["computed"], json::parse(summary)["computed"]);
  EXPECT_EQ(json::parse(text("out.json"))["reused"], 0);

  // Shards by hand: one killed and started again, one done twice, and of another number one that nobody needs.
  ASSERT_EQ(run("shards", "--shard 1/2"), 0) << text("err");
  run_and_kill("shards", "--shard 2/3", 5);  // long before it could be done
  ASSERT_EQ(run("shards", "--shard 1/3"), 0) << text("err");
  ASSERT_EQ(run("shards", "--shard 1/3"), 0) << text("err");
  EXPECT_EQ(json::parse(text("out.json"))["computed"], 0);
  EXPECT_EQ(merge("shards"), 2);
  for (const char* missing : {"part 2/2", "part 2/3", "part 3/3"})
    EXPECT_NE(text("err").find(missing), std::string::npos) << text("err");
  EXPECT_EQ(text("err").find("part 1/3"), std::string::npos) << text("err");
  EXPECT_FALSE(fs::exists(file("shards/front.json")));
  ASSERT_EQ(run("shards", "--shard 3/3"), 0) << text("err");
  ASSERT_EQ(run("shards", "--shard 2/3"), 0) << text("err");
  ASSERT_EQ(merge("shards"), 0) << text("err");
  same("shards");
  EXPECT_EQ(merge("shards"), 2);  // nothing is left
}

TEST_F(CostTableCommand, ExampleOfAnotherSchedulerThenTheSameBytes) {
  ASSERT_EQ(run("whole", ""), 0) << text("err");
  const std::string line = "HEAT_OFFLINE=" + std::string(HEAT_BIN_DIR) + "/heat-offline " + HEAT_SOURCE_DIR +
                           "/examples/cluster/cost_table_shards.sh 2 " + file("example") + " --model-config " +
                           file("config.json") + " --arch " + HEAT_SOURCE_DIR +
                           "/configs/arch/simba.yaml --seq-len 16 --top-k 1 --max-axes 3 --ratios 0.2,0.4 >" +
                           file("out.json") + " 2>" + file("err");
  ASSERT_EQ(WEXITSTATUS(std::system(line.c_str())), 0) << text("err");
  EXPECT_EQ(text("example/cost_table.sqlite"), text("whole/cost_table.sqlite"));
  EXPECT_EQ(text("example/front.json"), text("whole/front.json"));
}

TEST_F(CostTableCommand, PartsOfDifferentWorkThenRefused) {
  ASSERT_EQ(run("t", "--methods svd --shard 1/2"), 0) << text("err");
  ASSERT_EQ(run("t", "--methods svd,ttm --shard 2/2"), 0) << text("err");
  EXPECT_EQ(merge("t"), 2);
  EXPECT_NE(text("err").find("different options"), std::string::npos) << text("err");
  ASSERT_EQ(run("t", "--methods svd,ttm --shard 1/2"), 0) << text("err");
  EXPECT_EQ(merge("t"), 0) << text("err");
}

TEST_F(CostTableCommand, WrongJobsThenNamed) {
  const std::pair<const char*, const char*> wrong[] = {{"--jobs many", "threads[:N]"},
                                                       {"--jobs processes:0", "processes:0"},
                                                       {"--shard 3/2", "i/n"},
                                                       {"--shard 1/2 --jobs slurm", "--shard"},
                                                       {"--jobs threads:2 --threads 2", "--threads"},
                                                       {"--slurm-options --x", "--jobs slurm"}};
  for (const auto& [options, word] : wrong) {
    EXPECT_EQ(run("t", options), 2) << options;
    EXPECT_NE(text("err").find(word), std::string::npos) << text("err");
  }
  EXPECT_FALSE(fs::exists(file("t")));
}

// TensorLy's ranks of a ratio are those of `rank --rule tensorly`: of Tucker every mode keeps the same share.
TEST_F(CostTableCommand, TensorlysRanksThenEveryModeOfTuckerKeepsTheSameShare) {
  ASSERT_EQ(run("t", "--methods tucker --rank-rule tensorly"), 0) << text("err");
  int rows = 0;
  const std::vector<heat::offline::CostRow> table = heat::offline::CostTable::open(file("t/cost_table.sqlite")).rows();
  for (const heat::offline::CostRow& r : table) {
    if (r.form.method != "tucker") continue;
    ++rows;
    EXPECT_LE(r.ratio, 0.4) << r.key();
    const std::vector<std::int64_t> modes = r.form.shape.modes();
    ASSERT_EQ(r.form.ranks.size(), modes.size()) << r.key();
    // Ranks max(1, round(c x mode)): one c fits all of them.
    double least = 0, most = 1;
    for (std::size_t i = 0; i < modes.size(); ++i) {
      const auto rank = static_cast<double>(r.form.ranks[i]), mode = static_cast<double>(modes[i]);
      if (rank > 1) least = std::max(least, (rank - 0.5) / mode);
      most = std::min(most, (rank + 0.5) / mode);
    }
    EXPECT_LE(least, most) << r.key();
  }
  EXPECT_GT(rows, 3);
}

TEST_F(CostTableCommand, WrongOptionsThenAllNamedAndNothingWritten) {
  EXPECT_EQ(run("t", "--rank-rule tensorflow"), 2);
  EXPECT_NE(text("err").find("'tensorflow': expected best or tensorly"), std::string::npos) << text("err");
  EXPECT_EQ(run("t", "--methods cp,tukker --iterations 0 --max-ratio -1"), 2);
  for (const char* part : {"3 problems", "tucker", "--iterations", "--max-ratio"})
    EXPECT_NE(text("err").find(part), std::string::npos) << text("err");
  EXPECT_FALSE(fs::exists(file("t")));
  EXPECT_EQ(run("t", "--matrix 5x5=w.bin"), 2);
  std::ofstream(file("config.json")) << R"({"hidden_size": 0})";
  EXPECT_EQ(run("t", ""), 2);
  for (const char* part : {"hidden_size", "intermediate_size"})
    EXPECT_NE(text("err").find(part), std::string::npos) << text("err");
  EXPECT_FALSE(fs::exists(file("t")));
}

TEST_F(CostTableCommand, ExistingTableWithoutResumeThenRefused) {
  ASSERT_EQ(run("t", "--methods svd"), 0) << text("err");
  EXPECT_EQ(run("t", "--methods svd"), 2);
  EXPECT_NE(text("err").find("--resume"), std::string::npos);
  EXPECT_EQ(run("t", "--methods svd --resume --seed 2"), 2);  // another synthetic matrix
  EXPECT_EQ(run("t", "--methods svd,cp --resume"), 0) << text("err");
}

}  // namespace
