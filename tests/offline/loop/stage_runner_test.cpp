#include "offline/loop/stage_runner.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

class StageRunner : public testing::Test {
 protected:
  void SetUp() override { root_ = (fs::temp_directory_path() / ("heat_stages_" + std::to_string(getpid()))).string(); }
  void TearDown() override { fs::remove_all(root_); }

  // Four stages that add up; the third works in steps and goes on from its checkpoint, and is divided.
  std::vector<Stage> stages(int seed, const std::function<void(int stage, int step)>& at = {}) {
    const auto note = [at](int stage, int step) {
      if (at) at(stage, step);
    };
    values_.clear();
    std::vector<Stage> list;
    const auto add = [&](const std::string& name, const std::vector<std::string>& inputs, const nlohmann::json& config,
                         const std::function<long(const std::string& folder, StageProgress& progress)>& value) {
      const auto run = [=, this](const std::string& folder, StageProgress& progress) {
        ++runs_[name];
        values_[name] = value(folder, progress);
        return nlohmann::json{{"value", values_[name]}};
      };
      list.push_back({name, inputs, config, run,
                      [=, this](const nlohmann::json& result) { values_[name] = result.at("value").get<long>(); },
                      nullptr});
    };
    add("first", {}, {{"seed", seed}}, [=](const std::string&, StageProgress&) {
      note(0, 0);
      return seed * 10;
    });
    add("second", {"first"}, {{"factor", 3}}, [=, this](const std::string&, StageProgress&) {
      note(1, 0);
      return values_.at("first") * 3;
    });
    add("third", {"second"}, nullptr, [=, this](const std::string& folder, StageProgress& p) {
      long value = values_.at("second");
      int step = 0;
      const std::string checkpoint = folder + "/checkpoint";
      if (fs::exists(checkpoint)) std::ifstream(checkpoint) >> step >> value;
      for (; step < 20; ++step) {
        note(2, step);
        p.report("step " + std::to_string(step));
        value = value * 7 % 1000003;
        base::write_file_atomically(checkpoint, std::to_string(step + 1) + " " + std::to_string(value));
      }
      return value;
    });
    list.back().run_part = [this](const std::string& folder, StageProgress&, const base::Shard& shard) {
      parts_ += shard.text() + " after " + std::to_string(values_.at("second")) + ";";
      base::write_file_atomically(folder + "/part-" + shard.file_part(), "");
    };
    add("fourth", {"first", "third"}, nullptr, [=, this](const std::string&, StageProgress&) {
      note(3, 0);
      return values_.at("first") + values_.at("third");
    });
    return list;
  }
  std::map<std::string, long> run(const std::vector<Stage>& list, const StageOptions& options) {
    run_stages(root_, list, options);
    return values_;
  }

  StageOptions quiet() const { return {false, true, 0, {}}; }
  std::string root_;
  std::map<std::string, int> runs_;
  std::map<std::string, long> values_;
  std::string parts_;
};

TEST_F(StageRunner, SecondRunThenNothingIsComputedAgain) {
  const auto first = run(stages(4), quiet());
  const auto again = run(stages(4), quiet());
  EXPECT_EQ(first, again);
  EXPECT_EQ(runs_["third"], 1);
}

TEST_F(StageRunner, ChangedConfigurationThenOnlyWhatDependsOnItRuns) {
  run_stages(root_, stages(4), quiet());
  auto changed = stages(4);
  changed[1].config["factor"] = 4;
  run_stages(root_, changed, quiet());
  EXPECT_EQ(runs_["first"], 1);
  EXPECT_EQ(runs_["second"], 2);
  EXPECT_EQ(runs_["third"], 2);
  // The old key's folders are gone.
  EXPECT_EQ(std::distance(fs::directory_iterator(root_), fs::directory_iterator()), 4);
}

TEST_F(StageRunner, FreshThenEverythingRunsAgain) {
  run_stages(root_, stages(4), quiet());
  run_stages(root_, stages(4), {true, true, 0, {}});
  EXPECT_EQ(runs_["first"], 2);
}

TEST_F(StageRunner, ShardThenItsPartOfTheNextStageAndNoMore) {
  const StageOptions part{false, true, 0, {2, 3}};
  EXPECT_THROW(run_stages(root_, stages(4), part), base::ConfigError);  // the first is not divided
  run_stages(root_, stages(4), {false, true, 2, {}});
  run_stages(root_, stages(4), part);
  EXPECT_EQ(parts_, "2/3 after 120;");
  EXPECT_EQ(runs_["third"], 0);
  const auto whole = run(stages(4), quiet());
  EXPECT_EQ(runs_["third"], 1);
  EXPECT_EQ(runs_["second"], 1);
  EXPECT_EQ(whole.size(), 4u);
  EXPECT_THROW(run_stages(root_,
                          [&] {
                            auto list = stages(4);
                            list[3].inputs = {"thrid"};
                            return list;
                          }(),
                          {true, true, 0, {}}),
               std::logic_error);
}

class StageRunnerKill : public StageRunner, public testing::WithParamInterface<std::pair<int, int>> {};

// A child process is killed (SIGKILL) at the given place; the run after it must end with the uninterrupted result.
TEST_P(StageRunnerKill, KilledAndRunAgainThenEqualToUninterrupted) {
  const auto expected = run(stages(9), quiet());
  fs::remove_all(root_);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    run_stages(root_,
               stages(9,
                      [](int stage, int step) {
                        if (std::pair(stage, step) == GetParam()) kill(getpid(), SIGKILL);
                      }),
               quiet());
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  int first_step = -1;
  const auto resumed = run(stages(9,
                                  [&](int stage, int step) {
                                    if (stage == 2 && first_step < 0) first_step = step;
                                  }),
                           quiet());
  EXPECT_EQ(resumed, expected);
  EXPECT_EQ(first_step, GetParam().first == 2 ? GetParam().second : GetParam().first < 2 ? 0 : -1);
}
INSTANTIATE_TEST_SUITE_P(Places, StageRunnerKill,
                         testing::Values(std::pair(0, 0), std::pair(1, 0), std::pair(2, 0), std::pair(2, 13),
                                         std::pair(3, 0)));

}  // namespace
}  // namespace heat::offline
