// A schedule of the pipeline through simba-sim, with its prediction beside it.
#pragma once

#include <string>
#include <vector>

#include "offline/pipeline/context.h"
#include "offline/pipeline/stage_results.h"
#include "spec/schedule.h"

namespace heat::offline {

struct SimulationOptions {
  bool data = false;
  bool trace = true;   // folder/trace/run.sqlite
  std::string output;  // with data: file for the output tensors
};

// Runs folder/schedule.json.
SimulatedSchedule simulate_schedule(PipelineContext& context, const spec::Schedule& schedule, const std::string& folder,
                                    const std::string& name, const SimulationOptions& options);

// The same for several, at most config.jobs at a time; results in their order.
struct ScheduledRun {
  spec::Schedule schedule;
  std::string folder, name;
  SimulationOptions options;
};
std::vector<SimulatedSchedule> simulate_schedules(PipelineContext& context, const std::vector<ScheduledRun>& runs);

// What `cycles` and `energy_pj` come to at a clock.
Figures figures_of(double cycles, double energy_pj, double clock_ghz);

// |predicted - simulated| / simulated.
double relative_error(double predicted, double simulated);

}  // namespace heat::offline
