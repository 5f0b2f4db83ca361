#include "offline/loop/stage_runner.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

class StageRunner : public testing::Test {
 protected:
  void SetUp() override { root_ = (fs::temp_directory_path() / ("heat_stages_" + std::to_string(getpid()))).string(); }
  void TearDown() override { fs::remove_all(root_); }

  // Four stages that add up; the third works in steps and goes on from its checkpoint.
  std::vector<Stage> stages(int seed, const std::function<void(int stage, int step)>& at = {}) {
    const auto note = [at](int stage, int step) {
      if (at) at(stage, step);
    };
    std::vector<Stage> list;
    list.push_back({"first", {}, {{"seed", seed}}, [=, this](const auto&, const std::string&, StageProgress&) {
                      ++runs_["first"];
                      note(0, 0);
                      return nlohmann::json{{"value", seed * 10}};
                    }});
    list.push_back(
        {"second", {"first"}, {{"factor", 3}}, [=, this](const auto& results, const std::string&, StageProgress&) {
           ++runs_["second"];
           note(1, 0);
           return nlohmann::json{{"value", results.at("first").at("value").template get<int>() * 3}};
         }});
    list.push_back(
        {"third", {"second"}, {}, [=, this](const auto& results, const std::string& folder, StageProgress& p) {
           ++runs_["third"];
           long value = results.at("second").at("value").template get<int>();
           int step = 0;
           const std::string checkpoint = folder + "/checkpoint";
           if (fs::exists(checkpoint)) std::ifstream(checkpoint) >> step >> value;
           for (; step < 20; ++step) {
             note(2, step);
             p.report("step " + std::to_string(step));
             value = value * 7 % 1000003;
             base::write_file_atomically(checkpoint, std::to_string(step + 1) + " " + std::to_string(value));
           }
           return nlohmann::json{{"value", value}};
         }});
    list.push_back(
        {"fourth", {"first", "third"}, {}, [=, this](const auto& results, const std::string&, StageProgress&) {
           note(3, 0);
           return nlohmann::json{{"sum", results.at("first").at("value").template get<long>() +
                                             results.at("third").at("value").template get<long>()}};
         }});
    return list;
  }

  StageOptions quiet() const { return {false, true, 0}; }
  std::string root_;
  std::map<std::string, int> runs_;
};

TEST_F(StageRunner, SecondRunThenNothingIsComputedAgain) {
  const auto first = run_stages(root_, stages(4), quiet());
  const auto again = run_stages(root_, stages(4), quiet());
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
  run_stages(root_, stages(4), {true, true, 0});
  EXPECT_EQ(runs_["first"], 2);
}

class StageRunnerKill : public StageRunner, public testing::WithParamInterface<std::pair<int, int>> {};

// A child process is killed (SIGKILL) at the given place; the run after it must end with the uninterrupted result.
TEST_P(StageRunnerKill, KilledAndRunAgainThenEqualToUninterrupted) {
  const auto expected = run_stages(root_, stages(9), quiet());
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
  const auto resumed = run_stages(root_,
                                  stages(9,
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
