// What one simulation measured: totals, nodes, groups, and from them the linear layers of its schedule. Read from
// simba-sim's result (JSON) or from the run database that its --trace leaves.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spec/schedule.h"

namespace heat::offline {

struct SimulatedNode {
  std::string name;
  double cycles = 0, energy_pj = 0;
  std::map<std::string, double> energy_by_component_pj;
};

struct SimulatedGroup {
  double cycles = 0, energy_pj = 0;  // of its nodes
};

struct SimulationResult {
  double cycles = 0, latency_ns = 0, energy_pj = 0, edp_js = 0, utilization = 0;
  std::int64_t macs = 0;
  std::map<std::string, double> energy_by_component_pj;
  std::vector<SimulatedNode> nodes;
  std::vector<SimulatedGroup> groups;
  nlohmann::json json;  // everything that the program wrote
};

// Reads simba-sim's result file. Throws spec::TraceError naming it.
SimulationResult read_simulation(const std::string& path);

// A run database (docs/traces.md) in the form of simba-sim's result, with the same keys; and the schedule it ran:
// the file that the run names, or one of that name beside the database. Throws spec::TraceError when the database and
// the schedule are not of one another, spec::FileError when there is no schedule.
struct TracedRun {
  std::string arch;
  spec::Schedule schedule;
  SimulationResult result;
};
TracedRun read_trace(const std::string& path);

// A layer's part of a run: its nodes.
struct LayerMeasurement {
  double cycles = 0, energy_pj = 0;
  std::map<std::string, double> energy_by_component_pj;
};
std::map<std::string, LayerMeasurement> measure_layers(const spec::Schedule& schedule, const SimulationResult& run);

}  // namespace heat::offline
