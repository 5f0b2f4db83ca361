// One process a schedule; what it measured is kept beside what was predicted, by node, layer and group.
#include "offline/pipeline/simulation.h"

#include <cmath>
#include <filesystem>

#include "offline/loop/simulator_process.h"

namespace heat::offline {
namespace {

nlohmann::json figures(double cycles, double energy_pj, double clock_ghz,
                       const std::map<std::string, double>& by_component) {
  const double ns = cycles / clock_ghz;
  return {{"cycles", cycles},
          {"latency_ns", ns},
          {"energy_pj", energy_pj},
          {"edp_js", energy_pj * 1e-12 * ns * 1e-9},
          {"energy_by_component_pj", by_component}};
}

// Sums over the nodes of each layer.
nlohmann::json layers_of(const spec::Schedule& schedule, const SimulationResult& run) {
  std::map<std::string, const SimulatedNode*> measured;
  for (const SimulatedNode& n : run.nodes) measured[n.name] = &n;
  nlohmann::json layers = nlohmann::json::array();
  std::map<std::string, std::size_t> place;
  for (const spec::Node& node : schedule.nodes) {
    const auto [at, is_new] = place.emplace(node.layer, layers.size());
    if (is_new)
      layers.push_back({{"layer", node.layer},
                        {"predicted_cycles", 0.0},
                        {"predicted_energy_pj", 0.0},
                        {"cycles", 0.0},
                        {"energy_pj", 0.0}});
    nlohmann::json& layer = layers[at->second];
    const auto add = [&](const char* key, double value) { layer[key] = layer[key].get<double>() + value; };
    add("predicted_cycles", node.prediction.cycles);
    add("predicted_energy_pj", node.prediction.energy_pj);
    if (const auto m = measured.find(node.name); m != measured.end()) {
      add("cycles", m->second->cycles);
      add("energy_pj", m->second->energy_pj);
    }
  }
  return layers;
}

nlohmann::json groups_of(const spec::Schedule& schedule, const SimulationResult& run) {
  nlohmann::json groups = nlohmann::json::array();
  const auto& measured = run.json.at("groups");
  HEAT_CHECK(measured.size() == schedule.groups.size(), "groups of the simulation");
  for (std::size_t g = 0; g < schedule.groups.size(); ++g)
    groups.push_back({{"group", schedule.groups[g].name},
                      {"predicted_cycles", schedule.groups[g].prediction.cycles},
                      {"predicted_energy_pj", schedule.groups[g].prediction.energy_pj},
                      {"cycles", measured[g].at("cycles").get<double>()},
                      {"energy_pj", measured[g].at("energy_pj").get<double>()}});
  return groups;
}

}  // namespace

double relative_error(double predicted, double simulated) {
  return std::fabs(predicted - simulated) / simulated;
}

nlohmann::json simulate_schedule(PipelineContext& context, const spec::Schedule& schedule, const std::string& folder,
                                 const std::string& name, const SimulationOptions& options) {
  SimulationRequest request;
  request.arch = context.config().arch;
  request.schedule = folder + "/schedule.json";
  request.data = options.data;
  request.json = folder + "/simulation.json";
  if (options.trace) {
    request.trace = folder + "/trace";
    std::filesystem::remove_all(request.trace);
  }
  if (!options.output.empty()) request.extra = {"--output", options.output};
  const SimulationResult run = simulate(request);
  const auto relative = [&](const std::string& file) {
    return std::filesystem::relative(file, context.out()).string();
  };
  const double clock = context.arch().clock_ghz;
  return {{"name", name},
          {"schedule", relative(request.schedule)},
          {"simulation", relative(request.json)},
          {"trace", options.trace ? relative(request.trace + "/run.sqlite") : ""},
          {"predicted", figures(schedule.prediction.cycles, schedule.prediction.energy_pj, clock,
                                schedule.prediction.energy_by_component_pj)},
          {"simulated", figures(run.cycles, run.energy_pj, clock, run.energy_by_component_pj)},
          {"macs", run.macs},
          {"utilization", run.utilization},
          {"layers", layers_of(schedule, run)},
          {"groups", groups_of(schedule, run)}};
}

}  // namespace heat::offline
