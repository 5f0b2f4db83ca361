// Who worked and waited how long, and how long each node took. Plain classes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "machines/simba/units.h"
#include "sim/simba_l/deadlock.h"

namespace heat::simba {

using machines::simba::kControllerUnit;
using machines::simba::kStallReasons;
using machines::simba::kUnits;
using machines::simba::stall_reason_name;
using machines::simba::StallReason;
using machines::simba::unit_name;
using machines::simba::waits_for_engine;

// What a part does during an interval of the timeline.
enum class WorkKind {
  kRead,           // DRAM to the global buffer of one chiplet
  kReadMulticast,  // of several
  kFill,           // global buffer to one PE for each tile
  kFillMulticast,  // to several
  kCompute,
  kDrain,            // sums through the PPUs
  kDrainActivation,  // with the activation table
  kSoftmax,
  kLayerNorm,
  kReduce,
  kWrite,   // global buffer to DRAM
  kSignal,  // a message to the other chiplets
  kIssue,   // the controller composes and pushes commands
  kStall    // waits, see StallReason
};
const char* work_kind_name(WorkKind kind);  // "read", "read.multicast", ...; "stall" for kStall

// What every unit of every chiplet did with every cycle of the run: work, or a wait for one reason. A unit's entries
// follow one another without a gap, so that they add up to the run.
class Ledger {
 public:
  using Wait = std::optional<StallReason>;  // none: work
  Ledger(std::size_t nodes, int chiplets);
  // What the unit has not accounted for up to cycle `until` went to this, for `node` (-1: for none). Returns from which
  // cycle on; `until` when it has accounted for all of that already.
  std::int64_t add(const UnitId& unit, int node, Wait wait, std::int64_t until);
  // Throws logic_error when the entries of a unit do not add up to the cycles of the run.
  void check(std::int64_t cycles) const;

  std::int64_t cycles(const UnitId& unit, Wait wait) const { return units_[slot(unit)].cycles[column(wait)]; }
  // Summed over the chiplets.
  std::int64_t node_cycles(int node, int unit, Wait wait) const {
    return nodes_[node_slot(node)][static_cast<std::size_t>(unit)][column(wait)];
  }

 private:
  using Columns = std::array<std::int64_t, 1 + kStallReasons>;
  struct Account {
    std::int64_t until = 0;
    Columns cycles{};
  };
  static std::size_t slot(const UnitId& unit) {
    return static_cast<std::size_t>(unit.chiplet.value * kUnits + unit.unit);
  }
  static std::size_t column(Wait wait) { return wait ? 1 + static_cast<std::size_t>(*wait) : 0; }
  std::size_t node_slot(int node) const { return node < 0 ? nodes_.size() - 1 : static_cast<std::size_t>(node); }
  std::vector<Account> units_;
  std::vector<std::array<Columns, kUnits>> nodes_;  // the last: for none
};

// A node's cycles: from the last completion before it (of the executions before its own in the order group, step,
// position; over all chiplets) to its own last completion, summed over steps. All nodes add up to the run.
class NodeClock {
 public:
  // `groups`: the nodes of each group, in order of execution.
  explicit NodeClock(const std::vector<std::vector<int>>& groups);

  void completed(int node, std::int64_t step, std::int64_t cycle) {
    const auto& [group, position] = place_[static_cast<std::size_t>(node)];
    Group& g = groups_[group];
    const std::size_t at = static_cast<std::size_t>(step) * g.nodes.size() + position;
    if (at >= g.last.size()) g.last.resize(at + 1, 0);
    g.last[at] = std::max(g.last[at], cycle);
  }
  // What every node, every group took, and when the last of each group's nodes and of those before it was complete.
  struct Account {
    std::vector<std::int64_t> node_cycles, group_end;
  };
  Account account() const;

 private:
  struct Group {
    std::vector<int> nodes;
    std::vector<std::int64_t> last;  // last completion by step and position
  };
  std::vector<Group> groups_;
  std::vector<std::pair<std::size_t, std::size_t>> place_;  // group and position of a node
};

}  // namespace heat::simba
