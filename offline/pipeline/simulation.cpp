// One process a schedule; what it measured is kept beside what was predicted, by node, layer and group.
#include "offline/pipeline/simulation.h"

#include <cmath>
#include <filesystem>

#include "offline/loop/simulator_process.h"
#include "spec/units.h"

namespace heat::offline {
namespace {

DetailedFigures detailed(const Figures& figures, const std::map<std::string, double>& by_component) {
  return {figures, by_component};
}

std::vector<LayerFigures> layers_of(const spec::Schedule& schedule, const SimulationResult& run, double clock_ghz) {
  const auto measured = measure_layers(schedule, run);
  std::vector<LayerFigures> layers;
  std::map<std::string, std::size_t> place;
  const auto count = [&](const spec::Node& node, const spec::Prediction& prediction) {
    const auto [at, is_new] = place.emplace(node.layer, layers.size());
    if (is_new) {
      const LayerMeasurement& m = measured.at(node.layer);
      layers.push_back({node.layer, 0, 0, m.cycles, m.cycles / clock_ghz, m.energy_pj, m.energy_by_component_pj});
    }
    LayerFigures& layer = layers[at->second];
    layer.predicted_cycles += prediction.cycles;
    layer.predicted_energy_pj += prediction.energy_pj;
  };
  for (const spec::FusedGroup& group : schedule.plan.groups)
    for (const spec::PlannedNode& n : group.nodes) count(schedule.workload.nodes[n.node], n.prediction);
  return layers;
}

std::vector<GroupFigures> groups_of(const spec::Schedule& schedule, const SimulationResult& run) {
  std::vector<GroupFigures> groups;
  for (const spec::FusedGroup& group : schedule.plan.groups) {
    const auto& measured = run.groups.at(groups.size());
    groups.push_back(
        {group.name, group.prediction.cycles, group.prediction.energy_pj, measured.cycles, measured.energy_pj});
  }
  return groups;
}

SimulatedSchedule result_of(const PipelineContext& context, const ScheduledRun& scheduled,
                            const SimulationRequest& request, const SimulationResult& run) {
  const spec::Schedule& schedule = scheduled.schedule;
  const spec::Prediction& predicted = schedule.plan.prediction;
  const double clock = context.arch().clock_ghz;
  SimulatedSchedule result;
  result.name = scheduled.name;
  result.schedule = context.relative(request.schedule);
  result.simulation = context.relative(request.json);
  if (scheduled.options.trace) result.trace = context.relative(request.trace + "/run.sqlite");
  result.predicted =
      detailed(figures_of(predicted.cycles, predicted.energy_pj, clock), predicted.energy_by_component_pj);
  result.simulated = detailed(figures_of(run.cycles, run.energy_pj, clock), run.energy_by_component_pj);
  result.macs = run.macs;
  result.utilization = run.utilization;
  result.layers = layers_of(schedule, run, clock);
  result.groups = groups_of(schedule, run);
  return result;
}

}  // namespace

Figures figures_of(double cycles, double energy_pj, double clock_ghz) {
  const double ns = cycles / clock_ghz;
  return {cycles, ns, energy_pj, spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(ns))};
}

double relative_error(double predicted, double simulated) {
  return std::fabs(predicted - simulated) / simulated;
}

std::vector<SimulatedSchedule> simulate_schedules(PipelineContext& context, const std::vector<ScheduledRun>& runs) {
  std::vector<SimulationRequest> requests;
  for (const ScheduledRun& run : runs) {
    SimulationRequest request;
    request.arch = context.config().arch;
    request.schedule = run.folder + "/schedule.json";
    request.data = run.options.data;
    request.json = run.folder + "/simulation.json";
    if (run.options.trace) {
      request.trace = run.folder + "/trace";
      std::filesystem::remove_all(request.trace);
    }
    if (!run.options.output.empty()) request.extra = {"--output", run.options.output};
    requests.push_back(std::move(request));
  }
  const std::vector<SimulationResult> results =
      simulate_all(requests, {context.config().jobs, context.out() + "/array", {}});
  std::vector<SimulatedSchedule> simulated;
  for (std::size_t i = 0; i < runs.size(); ++i)
    simulated.push_back(result_of(context, runs[i], requests[i], results[i]));
  return simulated;
}

SimulatedSchedule simulate_schedule(PipelineContext& context, const spec::Schedule& schedule, const std::string& folder,
                                    const std::string& name, const SimulationOptions& options) {
  return simulate_schedules(context, {{schedule, folder, name, options}}).front();
}

}  // namespace heat::offline
