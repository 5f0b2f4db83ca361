// simba-sim as a subprocess: the SystemC kernel is global, so that every simulation is a process of its own.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace heat::offline {

// One run of simba-sim (its options, docs of the program).
struct SimulationRequest {
  std::string arch;                // YAML
  std::string schedule;            // JSON
  bool data = false;               // --data on: real values through the machine
  std::string trace;               // --trace FOLDER when not empty
  std::string json;                // result file; it is written whole by simba-sim
  std::vector<std::string> extra;  // further options
};

// One node's measured share of a run.
struct SimulatedNode {
  std::string name;
  double cycles = 0, energy_pj = 0;
};

struct SimulationResult {
  double cycles = 0, latency_ns = 0, energy_pj = 0, edp_js = 0, utilization = 0;
  std::int64_t macs = 0;
  std::map<std::string, double> energy_by_component_pj;
  std::vector<SimulatedNode> nodes;
  nlohmann::json json;  // everything that the program wrote
};

// simba-sim: $HEAT_SIMBA_SIM, else the file beside this executable. Throws spec::FileError when it cannot be executed.
std::string simulator_path();

// Runs `arguments` (arguments[0] is the program's path) and returns its exit status; what it writes to stderr goes to
// `error_text`, its stdout is dropped. A signal that ends it counts as status 128 + signal. Throws spec::FileError when
// it cannot be started.
int run_process(const std::vector<std::string>& arguments, std::string& error_text);

// One simulation. Throws spec::Error with simba-sim's own message when it fails.
SimulationResult simulate(const SimulationRequest& request);

// Many, at most `jobs` at a time; results in the order of the requests. Throws the first failing request's error.
std::vector<SimulationResult> simulate_all(const std::vector<SimulationRequest>& requests, int jobs);

// Reads a result file.
SimulationResult read_simulation(const std::string& path);

}  // namespace heat::offline
