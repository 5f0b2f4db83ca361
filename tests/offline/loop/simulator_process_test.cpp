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
  std::vector<SimulationResult> simulate(const std::vector<SimulationRequest>& requests) const {
    return simulate_all(requests, {{base::JobsBackend::kProcesses, 3, {}}, (folder_ / "array").string(), {}});
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
  const auto results = simulate(requests);
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
    simulate({request("s1")});
    FAIL() << "no error";
  } catch (const base::Error& e) {
    EXPECT_NE(
        std::string(e.what()).find("simba-sim on 's1' failed with status 2: simba-sim: error: deadlock in chiplet 3"),
        std::string::npos)
        << e.what();
  }
}

TEST_F(SimulatorProcess, AbsentProgramThenErrorNamesIt) {
  setenv("HEAT_SIMBA_SIM", "/nowhere/simba-sim", 1);
  try {
    simulate({request("s1")});
    FAIL() << "no error";
  } catch (const base::FileError& e) {
    EXPECT_NE(std::string(e.what()).find("/nowhere/simba-sim"), std::string::npos);
  }
}

TEST_F(SimulatorProcess, ResultOfTheSameInputsThenKeptAndOfOthersRunAgain) {
  const std::string count = "echo x >> '" + (folder_ / "runs").string() + "'\n";
  install(count + kWriteResult);
  const auto runs = [&] { return fs::file_size(folder_ / "runs") / 2; };
  std::ofstream(folder_ / "s7") << "one";
  SimulationRequest r{"a.yaml", (folder_ / "s7").string(), false, "", (folder_ / "s7.json").string(), {}};
  simulate({r});
  simulate({r});
  EXPECT_EQ(runs(), 1u);
  std::ofstream(folder_ / "s7") << "another";
  simulate({r});
  EXPECT_EQ(runs(), 2u);
  r.data = true;
  simulate({r});
  EXPECT_EQ(runs(), 3u);
  r.extra = {"--output", "o"};  // leaves another file beside the result
  simulate({r});
  simulate({r});
  EXPECT_EQ(runs(), 5u);
  install(count + "# another simulator\n" + kWriteResult);
  r.extra.clear();
  simulate({r});
  EXPECT_EQ(runs(), 6u);
}

TEST_F(SimulatorProcess, ShardsThenResultsOnceAllAreThere) {
  install(kWriteResult);
  std::vector<SimulationRequest> requests;
  for (int i = 10; i < 15; ++i) requests.push_back(request("s" + std::to_string(i)));
  const auto part = [&](int index) {
    return simulate_part(requests, {{base::JobsBackend::kProcesses, 2, {}}, "", {index, 2}});
  };
  EXPECT_FALSE(part(1));
  EXPECT_TRUE(fs::exists(requests[4].json));
  EXPECT_FALSE(fs::exists(requests[1].json));
  const auto results = part(2);
  ASSERT_TRUE(results);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ((*results)[i].cycles, 10 + static_cast<double>(i));
  EXPECT_TRUE(part(1));
}

}  // namespace
}  // namespace heat::offline
