// Questions that a group answers by itself.
#include "spec/plan.h"

#include <algorithm>

namespace heat::spec {

bool FusedGroup::is_resident(TensorId tensor) const {
  const auto holds = [&](const std::vector<TensorId>& list) {
    return std::find(list.begin(), list.end(), tensor) != list.end();
  };
  return holds(in_global_buffer) || holds(pinned);
}

bool FusedGroup::shares_out(const Workload& workload, TensorId tensor) const {
  const auto holds = [&](const TensorView& view) { return view.tensor == tensor && holds_index(view, index); };
  return std::any_of(nodes.begin(), nodes.end(), [&](const PlannedNode& n) {
    const Node& node = workload.nodes[n.node];
    const auto views = node.reads();
    return holds(node.writes()) || std::any_of(views.begin(), views.end(), [&](const auto* v) { return holds(*v); });
  });
}

}  // namespace heat::spec
