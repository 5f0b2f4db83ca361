// Candidates are the operands of GEMMs that lie in DRAM and that the group does not make itself, the smallest first.
#include "offline/mapper/pin_choices.h"

#include <algorithm>
#include <set>

namespace heat::offline::mapper {
namespace {

using spec::TensorId;

// Every node of the group that reads the tensor sees the group's index as its outermost axis.
bool share_is_a_block(const spec::Workload& workload, const spec::FusedGroup& group, TensorId tensor) {
  const std::int64_t bytes = workload.tensors[tensor].bytes();
  const auto outermost = [&](const spec::TensorView* view) {
    return view->tensor != tensor || spec::is_outermost(*view, group.index, group.extent, bytes);
  };
  return std::all_of(group.nodes.begin(), group.nodes.end(), [&](const spec::PlannedNode& n) {
    const auto views = workload.nodes[n.node].reads();
    return std::all_of(views.begin(), views.end(), outermost);
  });
}

// Operands of GEMMs that stream from DRAM: those that all chiplets read whole, or those of which each has a share that
// can lie in the global buffer.
std::vector<TensorId> streamed_operands(const spec::Workload& workload, const spec::FusedGroup& group, bool whole) {
  std::set<TensorId> produced, found;
  for (const spec::PlannedNode& n : group.nodes) produced.insert(workload.nodes[n.node].writes().tensor);
  for (const spec::PlannedNode& n : group.nodes) {
    if (!workload.nodes[n.node].gemm) continue;
    for (const spec::TensorView* view : workload.nodes[n.node].reads()) {
      if (produced.count(view->tensor) || group.is_resident(view->tensor)) continue;
      if (whole ? !spec::holds_index(*view, group.index) : share_is_a_block(workload, group, view->tensor))
        found.insert(view->tensor);
    }
  }
  std::vector<TensorId> list(found.begin(), found.end());
  std::stable_sort(list.begin(), list.end(),
                   [&](TensorId x, TensorId y) { return workload.tensors[x].bytes() < workload.tensors[y].bytes(); });
  return list;
}

}  // namespace

std::vector<std::vector<TensorId>> PinChoice::sets() const {
  if (shares.empty()) return {whole};
  std::vector<TensorId> all = whole;
  all.insert(all.end(), shares.begin(), shares.end());
  return {whole, std::move(all)};
}

std::vector<PinChoice> pin_choices(const spec::Workload& workload, const spec::FusedGroup& group) {
  const std::vector<TensorId> all = streamed_operands(workload, group, true),
                              shares = streamed_operands(workload, group, false);
  std::vector<PinChoice> choices{{}};
  if (group.nodes.size() == 1) {
    for (TensorId t : all) choices.push_back({{t}, {}});
    for (TensorId t : shares) choices.push_back({{t}, {}});
    return choices;
  }
  if (all.size() > 1) choices.insert(choices.begin(), {{all.begin(), all.end() - 1}, {}});
  if (!all.empty()) choices.insert(choices.begin(), {all, {}});
  for (PinChoice& c : choices) c.shares = shares;
  return choices;
}

}  // namespace heat::offline::mapper
