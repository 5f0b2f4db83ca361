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
  kWrite,  // global buffer to DRAM
  kIssue,  // the controller composes and pushes commands, held up by full queues at times
  kStall   // waits, see StallReason
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

// A node's cycles: from the last completion of the node before it (in the order step, position; over all chiplets) to
// its own last completion, summed over steps. What is left of a group after that is its barrier: nodes and barriers add
// up.
class NodeClock {
 public:
  explicit NodeClock(std::size_t nodes) : cycles_(nodes, 0) {}

  void begin_group(std::int64_t now, const std::vector<int>& nodes) {
    nodes_ = nodes;
    begin_ = now;
    last_.clear();
  }
  void completed(std::int64_t step, std::int64_t position, std::int64_t cycle) {
    const auto at = static_cast<std::size_t>(step) * nodes_.size() + static_cast<std::size_t>(position);
    if (at >= last_.size()) last_.resize(at + 1, 0);
    last_[at] = std::max(last_[at], cycle);
  }
  // Charges the nodes; returns the barrier's cycles.
  std::int64_t end_group(std::int64_t now) {
    std::int64_t before = begin_;
    for (std::size_t i = 0; i < last_.size(); ++i) {
      const std::int64_t after = std::max(before, last_[i]);
      cycles_[static_cast<std::size_t>(nodes_[i % nodes_.size()])] += after - before;
      before = after;
    }
    return now - before;
  }
  std::int64_t cycles(int node) const { return cycles_[static_cast<std::size_t>(node)]; }

 private:
  std::vector<std::int64_t> cycles_;
  std::vector<int> nodes_;
  std::int64_t begin_ = 0;
  std::vector<std::int64_t> last_;  // last completion by step and position
};

}  // namespace heat::simba
