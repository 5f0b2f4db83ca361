#include "offline/loop/simulator_process.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/errors.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

// A stand-in for simba-sim: a shell script that gets the same options.
class SimulatorProcess : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("heat_simulator_" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override {
    unsetenv("HEAT_SIMBA_SIM");
    fs::remove_all(folder_);
  }
  void install(const std::string& body) {
    const fs::path program = folder_ / "simulator.sh";
    std::ofstream(program) << "#!/bin/sh\n" << body;
    chmod(program.c_str(), 0755);
    setenv("HEAT_SIMBA_SIM", program.c_str(), 1);
  }
  SimulationRequest request(const std::string& name) const {
    return {"a.yaml", name, false, "", (folder_ / (name + ".json")).string(), {}};
  }
  fs::path folder_;
};

constexpr const char* kWriteResult = R"(
while [ $# -gt 1 ]; do
  case $1 in --schedule) schedule=$2;; --json) json=$2;; esac
  shift 2
done
cycles=$(echo "$schedule" | tr -dc 0-9)
echo '{"cycles":'$cycles',"latency_ns":2,"energy_pj":3,"edp_js":4e-9,"macs":5,"utilization":0.5,' \
  '"energy_by_component_pj":{"pe":3},"nodes":[{"name":"n","cycles":7,"energy_pj":8,"stalls":{},' \
  '"energy_by_component_pj":{"pe":8}}],"groups":[{"cycles":9,"energy_pj":10}]}' > "$json"
)";

TEST_F(SimulatorProcess, RunsThenResultsInTheOrderOfTheRequests) {
  install(kWriteResult);
  std::vector<SimulationRequest> requests;
  for (int i = 10; i < 17; ++i) requests.push_back(request("s" + std::to_string(i)));
  const auto results = simulate_all(requests, 3);
  ASSERT_EQ(results.size(), 7u);
  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].cycles, 10 + static_cast<double>(i));
  EXPECT_EQ(results[0].nodes.at(0).name, "n");
  EXPECT_EQ(results[0].nodes.at(0).energy_by_component_pj.at("pe"), 8);
  EXPECT_EQ(results[0].groups.at(0).energy_pj, 10);
  EXPECT_EQ(results[0].energy_by_component_pj.at("pe"), 3);
}

TEST_F(SimulatorProcess, FailureThenItsMessageAndStatus) {
  install("echo 'simba-sim: error: deadlock in chiplet 3' >&2\nexit 2\n");
  try {
    simulate(request("s1"));
    FAIL() << "no error";
  } catch (const base::Error& e) {
    EXPECT_NE(std::string(e.what()).find("status 2 on 's1': simba-sim: error: deadlock in chiplet 3"),
              std::string::npos)
        << e.what();
  }
}

TEST_F(SimulatorProcess, KilledThenStatusNamesTheSignal) {
  install("kill -9 $$\n");
  std::string text;
  EXPECT_EQ(run_process({simulator_path()}, text), 137);
}

TEST_F(SimulatorProcess, AbsentProgramThenErrorNamesIt) {
  setenv("HEAT_SIMBA_SIM", "/nowhere/simba-sim", 1);
  try {
    simulate(request("s1"));
    FAIL() << "no error";
  } catch (const base::FileError& e) {
    EXPECT_NE(std::string(e.what()).find("/nowhere/simba-sim"), std::string::npos);
  }
}

TEST_F(SimulatorProcess, MuchTextOnStderrThenNoDeadlock) {
  install("i=0; while [ $i -lt 20000 ]; do echo 'a line of text that fills the pipe' >&2; i=$((i+1)); done\nexit 1\n");
  std::string text;
  EXPECT_EQ(run_process({simulator_path()}, text), 1);
  EXPECT_GT(text.size(), 600000u);
}

}  // namespace
}  // namespace heat::offline
