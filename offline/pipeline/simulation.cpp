// One process a schedule; what it measured is kept beside what was predicted, by node, layer and group.
#include "offline/pipeline/simulation.h"

#include <cmath>
#include <filesystem>

#include "offline/loop/simulator_process.h"
#include "spec/units.h"

namespace heat::offline {
namespace {

nlohmann::json figures(double cycles, double energy_pj, double clock_ghz,
                       const std::map<std::string, double>& by_component) {
  const double ns = cycles / clock_ghz;
  return {{"cycles", cycles},
          {"latency_ns", ns},
          {"energy_pj", energy_pj},
          {"edp_js", spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(ns))},
          {"energy_by_component_pj", by_component}};
}

// In the schedule's order. Predictions are sums over nodes; measurements hold the layer's share of barriers.
nlohmann::json layers_of(const spec::Schedule& schedule, const SimulationResult& run, double clock_ghz) {
  const auto measured = measure_layers(schedule, run);
  nlohmann::json layers = nlohmann::json::array();
  std::map<std::string, std::size_t> place;
  for (const spec::Node& node : schedule.nodes) {
    const auto [at, is_new] = place.emplace(node.layer, layers.size());
    if (is_new) {
      const LayerMeasurement& m = measured.at(node.layer);
      layers.push_back({{"layer", node.layer},
                        {"predicted_cycles", 0.0},
                        {"predicted_energy_pj", 0.0},
                        {"cycles", m.cycles},
                        {"latency_ns", m.cycles / clock_ghz},
                        {"energy_pj", m.energy_pj},
                        {"energy_by_component_pj", m.energy_by_component_pj}});
    }
    nlohmann::json& layer = layers[at->second];
    const auto add = [&](const char* key, double value) { layer[key] = layer[key].get<double>() + value; };
    add("predicted_cycles", node.prediction.cycles);
    add("predicted_energy_pj", node.prediction.energy_pj);
  }
  return layers;
}

nlohmann::json groups_of(const spec::Schedule& schedule, const SimulationResult& run) {
  nlohmann::json groups = nlohmann::json::array();
  for (std::size_t g = 0; g < schedule.groups.size(); ++g)
    groups.push_back({{"group", schedule.groups[g].name},
                      {"predicted_cycles", schedule.groups[g].prediction.cycles},
                      {"predicted_energy_pj", schedule.groups[g].prediction.energy_pj},
                      {"cycles", run.groups[g].cycles},
                      {"energy_pj", run.groups[g].energy_pj}});
  return groups;
}

nlohmann::json result_of(PipelineContext& context, const ScheduledRun& scheduled, const SimulationRequest& request,
                         const SimulationResult& run) {
  const spec::Schedule& schedule = scheduled.schedule;
  const auto relative = [&](const std::string& file) {
    return std::filesystem::relative(file, context.out()).string();
  };
  const double clock = context.arch().clock_ghz;
  return {{"name", scheduled.name},
          {"schedule", relative(request.schedule)},
          {"simulation", relative(request.json)},
          {"trace", scheduled.options.trace ? relative(request.trace + "/run.sqlite") : ""},
          {"predicted", figures(schedule.prediction.cycles, schedule.prediction.energy_pj, clock,
                                schedule.prediction.energy_by_component_pj)},
          {"simulated", figures(run.cycles, run.energy_pj, clock, run.energy_by_component_pj)},
          {"macs", run.macs},
          {"utilization", run.utilization},
          {"layers", layers_of(schedule, run, clock)},
          {"groups", groups_of(schedule, run)}};
}

}  // namespace

double relative_error(double predicted, double simulated) {
  return std::fabs(predicted - simulated) / simulated;
}

std::vector<nlohmann::json> simulate_schedules(PipelineContext& context, const std::vector<ScheduledRun>& runs) {
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
  const std::vector<SimulationResult> results = simulate_all(requests, context.config().jobs);
  std::vector<nlohmann::json> json;
  for (std::size_t i = 0; i < runs.size(); ++i) json.push_back(result_of(context, runs[i], requests[i], results[i]));
  return json;
}

nlohmann::json simulate_schedule(PipelineContext& context, const spec::Schedule& schedule, const std::string& folder,
                                 const std::string& name, const SimulationOptions& options) {
  return simulate_schedules(context, {{schedule, folder, name, options}}).front();
}

}  // namespace heat::offline
