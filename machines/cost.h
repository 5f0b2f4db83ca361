// What a group of a plan costs, as a machine's analytical model counts it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/energy_table.h"
#include "spec/plan.h"

namespace heat::machines {

// A cost in two numbers, for search.
struct Cost {
  double cycles = 0, energy_pj = 0;
};

// Busy cycles of the busiest instance of a resource, over all steps. The longest is the bottleneck.
struct ResourceCycles {
  const char* resource = "";  // its name, of static storage
  double cycles = 0;
};

// Bytes or entries of one tensor at one level, over the whole group and package.
struct Accesses {
  double reads = 0;    // leaving the level downwards (to the PEs or the MACs) or towards DRAM
  double fills = 0;    // arriving from above
  double updates = 0;  // results arriving from below
};

// Level ("dram", "global_buffer", "pe") -> role ("weight", "input", "output") -> accesses in bytes (entries of the
// accumulation buffer for the output at level "pe").
using AccessTable = std::map<std::string, std::map<std::string, Accesses>>;

struct NodeCost {
  spec::NodeId node;
  double cycles = 0;  // its share of the group's cycles
  double energy_pj = 0;
  double macs = 0;
  std::map<std::string, double> energy_by_component_pj;
  std::vector<ResourceCycles> resource_cycles;                // in the machine's order
  std::array<double, spec::kActionCount> actions{};           // counts, all chiplets, all steps
  double load_bytes = 0, store_bytes = 0;                     // at the DRAM's port, whole bursts
  double commands = 0, loads = 0, waves = 0, executions = 0;  // of one chiplet (the busiest)
  AccessTable accesses;
};

struct GroupCost {
  double cycles = 0;     // until the other chiplets know of its results
  double energy_pj = 0;  // static and background energy included
  double macs = 0;
  double utilization = 0;  // macs / (cycles x peak)
  double edp_js(const spec::ArchSpec& arch) const;
  std::map<std::string, double> energy_by_component_pj;  // of spec::kComponents: static power under its part's
                                                         // component, the DRAM's background under "dram"
  std::vector<ResourceCycles> resource_cycles;
  std::array<double, spec::kActionCount> actions{};
  double dram_bytes = 0;
  double fixed_cycles = 0;  // handover, pinned loads, first fill, last store
  std::vector<NodeCost> nodes;
  // The name of the resource that is busy longest; the first among equals.
  const char* bottleneck() const;
  spec::Prediction prediction() const;
  // Writes the predictions of the group and its nodes.
  void predict(spec::FusedGroup& group) const;
};

// A whole plan.
struct PlanCost {
  double cycles = 0, energy_pj = 0, macs = 0;
  spec::IdVector<spec::GroupId, GroupCost> groups;
};

}  // namespace heat::machines
