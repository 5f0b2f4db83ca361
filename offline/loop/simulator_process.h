// simba-sim as a subprocess: the SystemC kernel is global, so that every simulation is a process of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"
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

// simba-sim: $HEAT_SIMBA_SIM, else the file beside this executable. Throws base::FileError when it cannot be executed.
std::string simulator_path();

// Who runs simulations.
struct SimulationFarm {
  base::JobsOption jobs;
  std::string folder;  // for what a job array writes (base/jobs/run_commands.h)
  base::Shard shard;   // the part of the requests that is run here
};

// Runs all requests of the shard, farmed out as `jobs` says; results in the order of the requests, or nothing while some
// of other shards' are missing. A result that is there already is kept where the same simulator made it from the same
// machine and schedule, without trace and further options; <json>.key says so. Throws base::Error with simba-sim's own
// message for the first request that fails.
std::optional<std::vector<SimulationResult>> simulate_part(const std::vector<SimulationRequest>& requests,
                                                           const SimulationFarm& farm);

// The same for all of them: farm.shard is the whole.
std::vector<SimulationResult> simulate_all(const std::vector<SimulationRequest>& requests, const SimulationFarm& farm);

}  // namespace heat::offline
