// The back end against stand-ins for sbatch, squeue and scancel: what it does when tasks vanish, fail, or answer late.
// The end-to-end test (offline/cli) runs it against a real cluster.
#include "base/jobs/slurm.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::base {
namespace {

namespace fs = std::filesystem;

class SlurmArrayOfStandIns : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("heat_slurm_" + std::to_string(getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "bin");
    path_ = std::getenv("PATH");
    setenv("PATH", ((folder_ / "bin").string() + ":" + path_).c_str(), 1);
    setenv("HEAT_STAND_IN", folder_.c_str(), 1);
    // Runs the array's tasks at once; "vanish" names a command of the first array that ends without a word.
    install("sbatch", R"(
echo "$*" >> "$HEAT_STAND_IN/sbatch.log"
for last; do script=$last; done
for a; do case $a in --array=0-*) most=${a#--array=0-};; esac; done
t=0; while [ $t -le $most ]; do SLURM_ARRAY_TASK_ID=$t sh "$script"; t=$((t+1)); done
if [ -e "$HEAT_STAND_IN/vanish" ]; then
  rm "$HEAT_STAND_IN/array/$(cat "$HEAT_STAND_IN/vanish").status"; rm "$HEAT_STAND_IN/vanish"
fi
echo '42;cluster'
)");
    install("squeue", "echo slurm_load_jobs error: Invalid job id specified >&2; exit 1\n");
    install("scancel", "echo \"$*\" >> \"$HEAT_STAND_IN/scancel.log\"\n");
    options_.jobs = {JobsBackend::kSlurm, 0, {"--partition=some where"}};
    options_.folder = (folder_ / "array").string();
  }
  void TearDown() override {
    setenv("PATH", path_.c_str(), 1);
    unsetenv("HEAT_STAND_IN");
    fs::remove_all(folder_);
  }
  void install(const std::string& name, const std::string& body) const {
    const fs::path program = folder_ / "bin" / name;
    std::ofstream(program) << "#!/bin/sh\n" << body;
    chmod(program.c_str(), 0755);
  }
  std::vector<std::string> lines(const std::string& name) const {
    std::vector<std::string> all;
    std::ifstream in(folder_ / name);
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }
  // Appends its number and an awkward word to `log`.
  JobCommand noting(int number) const {
    return {"command " + std::to_string(number),
            {"/bin/sh", "-c", "echo \"$1 $2\" >> '" + (folder_ / "log").string() + "'", "sh", std::to_string(number),
             "it's $HOME; \"x\""}};
  }

  fs::path folder_;
  std::string path_;
  RunCommandsOptions options_;
};

TEST_F(SlurmArrayOfStandIns, CommandsThenOneTaskEachAndWordsArriveAsTheyAre) {
  run_slurm_array({noting(0), noting(1), noting(2)}, options_);
  EXPECT_EQ(lines("log"),
            (std::vector<std::string>{"0 it's $HOME; \"x\"", "1 it's $HOME; \"x\"", "2 it's $HOME; \"x\""}));
  ASSERT_EQ(lines("sbatch.log").size(), 1u);
  EXPECT_NE(lines("sbatch.log")[0].find("--array=0-2 "), std::string::npos);
  EXPECT_NE(lines("sbatch.log")[0].find(" --partition=some where "), std::string::npos);
  EXPECT_FALSE(fs::exists(folder_ / "array" / "job"));
}

TEST_F(SlurmArrayOfStandIns, FewerTasksThanCommandsThenDealtOut) {
  options_.jobs.count = 2;
  run_slurm_array({noting(0), noting(1), noting(2), noting(3), noting(4)}, options_);
  std::string order;
  for (const std::string& line : lines("log")) order += line[0];
  EXPECT_EQ(order, "02413");
}

TEST_F(SlurmArrayOfStandIns, TaskVanishesThenItAloneIsSubmittedAgain) {
  std::ofstream(folder_ / "vanish") << 1;
  run_slurm_array({noting(0), noting(1), noting(2)}, options_);
  EXPECT_EQ(lines("log").size(), 4u);
  EXPECT_EQ(lines("log")[3][0], '1');
  ASSERT_EQ(lines("sbatch.log").size(), 2u);
  EXPECT_NE(lines("sbatch.log")[1].find("--array=0-0 "), std::string::npos);
}

TEST_F(SlurmArrayOfStandIns, FailsAlwaysThenErrorAfterTheAttemptsWithItsWords) {
  options_.attempts = 2;
  try {
    run_slurm_array({noting(0), {"part 2", {"/bin/sh", "-c", "echo no room >&2; exit 1"}}}, options_);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "part 2 failed with status 1: no room");
  }
  EXPECT_EQ(lines("sbatch.log").size(), 2u);
  EXPECT_EQ(lines("log").size(), 1u);  // what was done is not done again
}

TEST_F(SlurmArrayOfStandIns, BadUsageThenNotSubmittedAgain) {
  EXPECT_THROW(run_slurm_array({{"c", {"/bin/sh", "-c", "exit 2"}}}, options_), Error);
  EXPECT_EQ(lines("sbatch.log").size(), 1u);
}

TEST_F(SlurmArrayOfStandIns, SbatchRefusesThenItsWords) {
  install("sbatch", "echo 'sbatch: error: invalid partition specified: somewhere' >&2; exit 1\n");
  try {
    run_slurm_array({noting(0)}, options_);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("invalid partition"), std::string::npos) << e.what();
  }
}

TEST_F(SlurmArrayOfStandIns, ArrayOfAKilledRunThenCancelledFirst) {
  fs::create_directories(folder_ / "array");
  std::ofstream(folder_ / "array" / "job") << "41\n";
  run_slurm_array({noting(0)}, options_);
  EXPECT_EQ(lines("scancel.log"), std::vector<std::string>{"--quiet 41"});
}

TEST_F(SlurmArrayOfStandIns, ControllerSilentForAWhileThenAskedAgain) {
  install("squeue", R"(
n=$(cat "$HEAT_STAND_IN/asked" 2>/dev/null || echo 0); echo $((n+1)) > "$HEAT_STAND_IN/asked"
case $n in 0) echo 'Unable to contact slurm controller' >&2; exit 1;; 1) echo RUNNING;; *) ;; esac
)");
  run_slurm_array({noting(0)}, options_);
  EXPECT_EQ(lines("asked"), std::vector<std::string>{"3"});
}

}  // namespace
}  // namespace heat::base
