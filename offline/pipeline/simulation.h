// A schedule of the pipeline through simba-sim, with its prediction beside it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "offline/pipeline/context.h"

namespace heat::offline {

struct SimulationOptions {
  bool data = false;
  bool trace = true;   // folder/trace/run.sqlite
  std::string output;  // with data: file for the output tensors
};

// Runs folder/schedule.json. Returns {"schedule", "trace"} (relative to the run's folder), "predicted" and "simulated"
// {cycles, latency_ns, energy_pj, edp_js, energy_by_component_pj}, and "groups" and "layers" with both.
nlohmann::json simulate_schedule(PipelineContext& context, const spec::Schedule& schedule, const std::string& folder,
                                 const std::string& name, const SimulationOptions& options);

// The same for several, at most config.jobs at a time; results in their order.
struct ScheduledRun {
  spec::Schedule schedule;
  std::string folder, name;
  SimulationOptions options;
};
std::vector<nlohmann::json> simulate_schedules(PipelineContext& context, const std::vector<ScheduledRun>& runs);

// |predicted - simulated| / simulated.
double relative_error(double predicted, double simulated);

}  // namespace heat::offline
