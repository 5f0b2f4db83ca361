// One pass in the order of the nodes: a tensor's writer comes before its readers.
#include "spec/group_order.h"

#include <algorithm>

namespace heat::spec {

bool used_where_it_was_made(const Plan& plan, GroupId writer, GroupId reader, TensorId tensor) {
  const FusedGroup &from = plan.groups[writer], &to = plan.groups[reader];
  return from.home(tensor) && !from.travels(tensor) && !to.travels(tensor);
}

GroupOrder::GroupOrder(const Workload& workload, const Plan& plan) : over_(workload.nodes.size(), -1) {
  IdVector<TensorId, NodeId> writer(workload.tensors.size());
  IdVector<NodeId, GroupId> group(workload.nodes.size());
  for (GroupId g : plan.groups.ids())
    for (const PlannedNode& n : plan.groups[g].nodes) group[n.node] = g;
  for (NodeId n : workload.nodes.ids()) {
    for (const TensorView* view : workload.nodes[n].reads()) {
      const NodeId from = writer[view->tensor];
      if (!from) continue;
      const bool earlier = group[from] && group[n] && group[from] != group[n] &&
                           !used_where_it_was_made(plan, group[from], group[n], view->tensor);
      over_[n] = std::max(over_[n], earlier ? group[from].value : over_[from]);
    }
    writer[workload.nodes[n].writes().tensor] = n;
  }
}

}  // namespace heat::spec
