// The database becomes the JSON that simba-sim would have written, so that there is one reader of measurements.
#include "offline/loop/simulated_run.h"

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "traces/reader.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

SimulationResult parse(nlohmann::json json, const std::string& path) {
  SimulationResult result;
  try {
    result.cycles = json.at("cycles").get<double>();
    result.latency_ns = json.at("latency_ns").get<double>();
    result.energy_pj = json.at("energy_pj").get<double>();
    result.edp_js = json.at("edp_js").get<double>();
    result.macs = json.at("macs").get<std::int64_t>();
    result.utilization = json.at("utilization").get<double>();
    result.energy_by_component_pj = json.at("energy_by_component_pj").get<std::map<std::string, double>>();
    for (const auto& n : json.at("nodes"))
      result.nodes.push_back({n.at("name").get<std::string>(), n.at("cycles").get<double>(),
                              n.at("energy_pj").get<double>(),
                              n.at("energy_by_component_pj").get<std::map<std::string, double>>()});
    for (const auto& g : json.at("groups"))
      result.groups.push_back({g.at("cycles").get<double>(), g.at("energy_pj").get<double>()});
  } catch (const nlohmann::json::exception& e) {
    throw base::TraceError("'" + path + "' is no result of simba-sim: " + e.what());
  }
  result.json = std::move(json);
  return result;
}

// The keys of simba-sim's result that calibration reads.
nlohmann::json result_json(const traces::Reader& trace) {
  const traces::RunRow& run = trace.run();
  nlohmann::json j = {{"network", run.info.network},     {"cycles", run.cycles},   {"latency_ns", run.latency_ns()},
                      {"energy_pj", run.energy_pj},      {"edp_js", run.edp_js()}, {"macs", run.macs},
                      {"utilization", run.utilization()}};
  std::map<std::string, double> all;
  std::map<std::int32_t, std::map<std::string, double>> of_node;
  for (const traces::EnergyRow& e : trace.energies()) {
    all[e.component] += e.energy_pj;
    of_node[e.node][e.component] += e.energy_pj;
  }
  j["energy_by_component_pj"] = all;
  std::map<std::int32_t, double> node_energy;  // by group
  j["nodes"] = nlohmann::json::array();
  for (const traces::NodeRow& n : trace.nodes()) {
    node_energy[n.group] += n.energy_pj;
    j["nodes"].push_back({{"name", n.name},
                          {"layer", n.layer},
                          {"cycles", n.cycles},
                          {"energy_pj", n.energy_pj},
                          {"macs", n.macs},
                          {"dram_read_bytes", n.dram_read_bytes},
                          {"dram_write_bytes", n.dram_write_bytes},
                          {"energy_by_component_pj", of_node[n.id]}});
  }
  j["groups"] = nlohmann::json::array();
  for (const traces::GroupRow& g : trace.groups())
    j["groups"].push_back(
        {{"name", g.name}, {"cycles", g.end_cycle - g.start_cycle}, {"energy_pj", node_energy[g.id]}});
  return j;
}

std::string schedule_of(const traces::Reader& trace) {
  const std::string& named = trace.run().info.schedule;
  if (fs::exists(named)) return named;
  const fs::path beside = fs::path(trace.path()).parent_path() / fs::path(named).filename();
  if (fs::exists(beside)) return beside.string();
  throw base::FileError(trace.path() + ": its schedule is neither at '" + named + "' nor at '" + beside.string() + "'");
}

}  // namespace

SimulationResult read_simulation(const std::string& path) {
  nlohmann::json json = nlohmann::json::parse(base::read_file(path), nullptr, false);
  if (json.is_discarded()) throw base::TraceError("'" + path + "' is no result of simba-sim: not JSON");
  return parse(std::move(json), path);
}

TracedRun read_trace(const std::string& path) {
  const traces::Reader trace(path);
  TracedRun run;
  run.arch = trace.run().info.arch;
  const std::string file = schedule_of(trace);
  run.schedule = spec::Schedule::load(file);
  run.result = parse(result_json(trace), path);
  const spec::Workload& workload = run.schedule.workload;
  const bool same =
      run.result.groups.size() == run.schedule.plan.groups.size() &&
      std::equal(run.result.nodes.begin(), run.result.nodes.end(), workload.nodes.begin(), workload.nodes.end(),
                 [](const SimulatedNode& a, const spec::Node& b) { return a.name == b.name; });
  if (!same) throw base::TraceError(path + ": is no run of the schedule '" + file + "': other nodes or groups");
  return run;
}

std::map<std::string, LayerMeasurement> measure_layers(const spec::Schedule& schedule, const SimulationResult& run) {
  HEAT_CHECK(run.nodes.size() == schedule.workload.nodes.size(), "nodes of the simulation");
  std::map<std::string, LayerMeasurement> layers;
  for (spec::NodeId id : schedule.workload.nodes.ids()) {
    const SimulatedNode& measured = run.nodes[static_cast<std::size_t>(id.value)];
    LayerMeasurement& layer = layers[schedule.workload.nodes[id].layer];
    layer.cycles += measured.cycles;
    layer.energy_pj += measured.energy_pj;
    for (const auto& [component, pj] : measured.energy_by_component_pj) layer.energy_by_component_pj[component] += pj;
  }
  return layers;
}

}  // namespace heat::offline
