// simba-sim as a subprocess: the SystemC kernel is global, so that every simulation is a process of its own.
#pragma once

#include <string>
#include <vector>

#include "offline/loop/simulated_run.h"

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

}  // namespace heat::offline
