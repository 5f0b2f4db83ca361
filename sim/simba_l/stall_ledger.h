// Who waited how long for what, and how long each node took. Plain classes.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "machines/simba/units.h"

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
  kWrite,   // global buffer to DRAM
  kSignal,  // a message to the other chiplets
  kIssue,   // the controller composes and pushes commands, held up by full queues at times
  kStall    // waits, see StallReason
};
const char* work_kind_name(WorkKind kind);  // "read", "read.multicast", ...; "stall" for kStall

// Cycles summed over the chiplets.
class StallLedger {
 public:
  explicit StallLedger(std::size_t nodes) : cycles_(nodes + 1) {}
  void add(int node, int unit, StallReason reason, std::int64_t cycles) {
    cycles_[slot(node)].at(static_cast<std::size_t>(unit)).at(static_cast<std::size_t>(reason)) += cycles;
  }
  std::int64_t cycles(int node, int unit, StallReason reason) const {
    return cycles_[slot(node)].at(static_cast<std::size_t>(unit)).at(static_cast<std::size_t>(reason));
  }

 private:
  std::size_t slot(int node) const { return node < 0 ? cycles_.size() - 1 : static_cast<std::size_t>(node); }
  std::vector<std::array<std::array<std::int64_t, kStallReasons>, kUnits>> cycles_;
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
