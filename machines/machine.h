// A machine as mapper and schedule see it. What they know of it is the loop nest of spec/mapping.h: a group's index is
// divided over chiplets and walked in steps; tiles of the on-chip buffer, slots for each operand that streams; in
// them waves of PE tiles. Sizes, counts, cycles and energy are the machine's.
//
// A folder beside simba/ implements these classes; make_machine.cpp chooses among them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "machines/calibration.h"
#include "machines/cost.h"
#include "spec/arch_spec.h"
#include "spec/energy_table.h"
#include "spec/schedule.h"

namespace heat::machines {

// The processing elements of a chiplet: what PE tiles and spatial splits may be.
struct PeArray {
  std::int64_t pes = 0;
  // What one PE computes in a cycle. It takes a cycle for less, too: sizes that are worth trying are multiples.
  spec::Extents grain{0, 0, 0, 0};
  std::int64_t weight = 0, input = 0, output = 0;  // elements of each operand in a PE tile, at most
};

// What the streamed tiles of a node may take in the on-chip buffer (sizes of one slot of at least two).
struct SlotBudget {
  std::int64_t weight = 0, input = 0, output = 0;  // of each
  std::int64_t total = 0;                          // of the three together
  std::int64_t word = 1;                           // slots are rounded up to this
  std::int64_t least_input = 0, least_output = 0;  // taken by other nodes of the group in any case
  bool fits(std::int64_t w, std::int64_t i, std::int64_t o) const {
    const auto up = [this](std::int64_t bytes) { return (bytes + word - 1) / word * word; };
    w = up(w), i = std::max(up(i), least_input), o = std::max(up(o), least_output);
    return w <= weight && i <= input && o <= output && w + i + o <= total;
  }
};

// Tiles of the on-chip buffer, how many there are along each dimension, and in which order they are walked and the waves
// in them.
struct BufferTiling {
  spec::Extents tile, count;
  bool weight_kept = false, input_kept = false;  // from one tile along the other operand's dimension to the next
  bool m_outside = true;                         // waves: m is the outer loop, n the inner; or the reverse
};

// Lower bounds of what the mappings of a node cost, for branch and bound: narrower from class to class, and in each from
// call to call. What made one must outlive it.
class ChoiceBounds {  // of those that have one PE tile and spatial split
 public:
  virtual ~ChoiceBounds() = default;
  virtual Cost least() const = 0;
  virtual Cost of_tiling(const BufferTiling& tiling) const = 0;
};
class TileBounds {  // one PE tile
 public:
  virtual ~TileBounds() = default;
  virtual Cost least() const = 0;
  virtual Cost of_split(const spec::SpatialSplit& split) const = 0;
  virtual std::unique_ptr<ChoiceBounds> choice(const spec::SpatialSplit& split) const = 0;
};
class NodeBounds {
 public:
  virtual ~NodeBounds() = default;
  virtual std::unique_ptr<TileBounds> of_tile(const spec::Extents& pe_tile) const = 0;
};

// One mapping for each node of a group (row operations keep the default).
using Mappings = std::vector<spec::GemmMapping>;

// A group with its step and pins, before its mappings are found.
class GroupModel {
 public:
  virtual ~GroupModel() = default;

  // Extents of a node in a whole step.
  virtual spec::Extents extents(std::size_t position) const = 0;

  // What is left for the tiles of GEMMs beside all that the group keeps on chip; nothing, and in `reason` why, when that
  // does not fit by itself.
  virtual std::optional<SlotBudget> free_slots(std::string& reason) const = 0;
  // Whether the tiles of all nodes fit the on-chip buffer together.
  virtual bool fits(const Mappings& mappings) const = 0;
  // Ways to divide `budget` among the operands when the tiles that the nodes asked for do not fit together.
  virtual std::vector<SlotBudget> shared_slots(const SlotBudget& budget, const Mappings& asked) const = 0;

  // The whole group.
  virtual Cost cost(const Mappings& mappings) const = 0;
  // One node by itself, without what belongs to the group: its part in a group of several.
  virtual Cost node_cost(std::size_t position, const spec::GemmMapping& mapping) const = 0;
  // The same as cost(), in full.
  virtual GroupCost full_cost(const Mappings& mappings) const = 0;
  // Bounds of node_cost(); `alone`: of cost(), for the group's only node.
  virtual std::unique_ptr<NodeBounds> bounds(std::size_t position, bool alone) const = 0;
  // All that those costs depend on beside machine and mapping, as numbers (for caches).
  virtual std::vector<std::int64_t> key(std::size_t position, bool alone) const = 0;
};

// Costs groups, one at a time, and keeps what it worked out for the next.
class CostModel {
 public:
  virtual ~CostModel() = default;
  // Workload, group and this must outlive the result, which does not read the group's mappings.
  virtual std::unique_ptr<GroupModel> group(const spec::Workload& workload, const spec::FusedGroup& group) = 0;
};

class Machine {
 public:
  virtual ~Machine() = default;

  // What it was built from. References must outlive it.
  const spec::ArchSpec& arch;
  const spec::EnergyTable& energy;
  Calibration calibration;

  virtual PeArray pe_array() const = 0;
  // The values of a group's index that the chiplet with most of them walks, of so many that take part (0: all).
  virtual std::int64_t largest_share(std::int64_t extent, int chiplets) const = 0;
  // Bytes of an on-chip buffer that a home takes, as the chiplet with the largest share holds it.
  virtual std::int64_t home_bytes(const spec::Workload& workload, const spec::Home& home) const = 0;
  // Dynamic energy of a MAC with what it takes of its PE's buffers, at least; power that is drawn all the time, pJ a cycle.
  virtual double least_mac_pj() const = 0;
  virtual double idle_pj_per_cycle() const = 0;
  // Of a GEMM on all PEs, where nothing but the multipliers takes time.
  virtual double least_cycles(const spec::Extents& extents) const = 0;
  // This must outlive the result.
  virtual std::unique_ptr<CostModel> cost_model() const = 0;
  // What of a schedule the machine has no room for, a line each. Empty when it fits.
  virtual std::vector<std::string> misfits(const spec::Schedule& schedule) const = 0;

 protected:
  Machine(const spec::ArchSpec& a, const spec::EnergyTable& e, const Calibration& c)
      : arch(a), energy(e), calibration(c) {}
  Machine(const Machine&) = default;
};

// Costs a group as it is planned (its mappings must fit).
GroupCost evaluate(const spec::Workload& workload, const spec::FusedGroup& group, const Machine& machine);
PlanCost evaluate(const spec::Workload& workload, const spec::Plan& plan, const Machine& machine);
// The same, and writes every prediction (nodes, groups, total) into `plan`.
PlanCost predict(const spec::Workload& workload, spec::Plan& plan, const Machine& machine);

}  // namespace heat::machines
