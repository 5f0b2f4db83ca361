// The analytical model: what a group of a plan costs, counted in closed form from its mappings.
//
// Counts are those the simulator makes (docs/mapper.md has the rules, tile by tile; a test walks the loop nest and
// compares). Cycles are, per step and node, the largest of what each resource is busy, with double buffering between
// memory and execution; contention within a resource is not modelled beyond its bandwidth, which is what Calibration is
// for.
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "base/enum_table.h"
#include "machines/simba/calibration.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"
#include "spec/plan.h"

namespace heat::machines::simba {

// What the cost model needs to know of the machine; references must outlive their users.
struct Machine {
  const spec::ArchSpec& arch;
  const spec::EnergyTable& energy;
  Calibration calibration{};
  Machine(const spec::ArchSpec& a, const spec::EnergyTable& e, Calibration c = {})
      : arch(a), energy(e), calibration(c) {}
};

// The grain at which a PE computes: outputs (m) side by side on its lanes, k along its vectors.
struct VectorGrain {
  std::int64_t lanes = 1, width = 1;
};
VectorGrain grain(const spec::ArchSpec& arch);

// Where cycles can go. The largest is the bottleneck.
enum class Resource {
  kDram,
  kNop,
  kDma,
  kGbRead,
  kGbWrite,
  kNocSend,
  kNocDrain,
  kCompute,
  kPpu,
  kController,
  kVectorUnit
};
struct ResourceInfo {
  Resource value;
  const char* name;
  bool memory;  // moves operands between DRAM and the global buffers; the others execute what is there
};
constexpr std::array<ResourceInfo, 11> kResources{{{Resource::kDram, "dram", true},
                                                   {Resource::kNop, "nop", true},
                                                   {Resource::kDma, "dma", true},
                                                   {Resource::kGbRead, "gb_read", false},
                                                   {Resource::kGbWrite, "gb_write", false},
                                                   {Resource::kNocSend, "noc_send", false},
                                                   {Resource::kNocDrain, "noc_drain", false},
                                                   {Resource::kCompute, "compute", false},
                                                   {Resource::kPpu, "ppu", false},
                                                   {Resource::kController, "controller", false},
                                                   {Resource::kVectorUnit, "vector_unit", false}}};
static_assert(base::in_enum_order(kResources));
constexpr std::size_t kResourceCount = kResources.size();
constexpr const char* resource_name(Resource resource) {
  return base::entry_of(kResources, resource).name;
}

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
  std::array<double, kResourceCount> resource_cycles{};       // busy cycles of the busiest instance, all steps
  std::array<double, spec::kActionCount> actions{};           // counts, all chiplets, all steps
  double load_bytes = 0, store_bytes = 0;                     // at the DRAM's port, whole bursts
  double commands = 0, loads = 0, waves = 0, executions = 0;  // of one chiplet (the busiest)
  AccessTable accesses;
  Resource bottleneck() const;
};

struct GroupCost {
  double cycles = 0;     // barrier included
  double energy_pj = 0;  // static and background energy included
  double macs = 0;
  double utilization = 0;  // macs / (cycles x peak)
  double edp_js(const spec::ArchSpec& arch) const;
  std::map<std::string, double> energy_by_component_pj;  // of spec::kComponents: static power under its part's
                                                         // component, the DRAM's background under "dram"
  std::array<double, kResourceCount> resource_cycles{};
  std::array<double, spec::kActionCount> actions{};
  double dram_bytes = 0;
  double fixed_cycles = 0;  // barrier, pinned loads, first fill, last store
  std::vector<NodeCost> nodes;
  Resource bottleneck() const;
  spec::Prediction prediction() const;
  // Writes the predictions of the group and its nodes.
  void predict(spec::FusedGroup& group) const;
};

// Costs a group as it is planned (its mappings must fit: misfits.h).
GroupCost evaluate(const spec::Workload& workload, const spec::FusedGroup& group, const Machine& machine);

// A whole plan.
struct PlanCost {
  double cycles = 0, energy_pj = 0, macs = 0;
  spec::IdVector<spec::GroupId, GroupCost> groups;
};
PlanCost evaluate(const spec::Workload& workload, const spec::Plan& plan, const Machine& machine);
// The same, and writes every prediction (nodes, groups, total) into `plan`.
PlanCost predict(const spec::Workload& workload, spec::Plan& plan, const Machine& machine);

}  // namespace heat::machines::simba
