// Names of the kinds of work, as they appear in run databases.
#include "sim/simba_l/stall_ledger.h"

#include <stdexcept>

namespace heat::simba {

const char* work_kind_name(WorkKind kind) {
  switch (kind) {
    case WorkKind::kRead:
      return "read";
    case WorkKind::kReadMulticast:
      return "read.multicast";
    case WorkKind::kFill:
      return "fill";
    case WorkKind::kFillMulticast:
      return "fill.multicast";
    case WorkKind::kCompute:
      return "compute";
    case WorkKind::kDrain:
      return "drain";
    case WorkKind::kDrainActivation:
      return "drain.activation";
    case WorkKind::kSoftmax:
      return "softmax";
    case WorkKind::kLayerNorm:
      return "layer_norm";
    case WorkKind::kWrite:
      return "write";
    case WorkKind::kSignal:
      return "signal";
    case WorkKind::kIssue:
      return "issue";
    case WorkKind::kStall:
      return "stall";
  }
  throw std::logic_error("unknown kind of work");
}

NodeClock::NodeClock(const std::vector<std::vector<int>>& groups) {
  std::size_t nodes = 0;
  for (const std::vector<int>& g : groups) nodes += g.size();
  place_.resize(nodes);
  for (const std::vector<int>& g : groups) {
    for (std::size_t p = 0; p < g.size(); ++p) place_[static_cast<std::size_t>(g[p])] = {groups_.size(), p};
    groups_.push_back({g, {}});
  }
}

NodeClock::Account NodeClock::account() const {
  Account account;
  account.node_cycles.assign(place_.size(), 0);
  std::int64_t before = 0;
  for (const Group& g : groups_) {
    for (std::size_t i = 0; i < g.last.size(); ++i) {
      const std::int64_t after = std::max(before, g.last[i]);
      account.node_cycles[static_cast<std::size_t>(g.nodes[i % g.nodes.size()])] += after - before;
      before = after;
    }
    account.group_end.push_back(before);
  }
  return account;
}

}  // namespace heat::simba
