// Nodes in their order, so that what is read before it is written counts as given.
#include "sim/simba_l/tracked_objects.h"

#include <algorithm>

namespace heat::simba {

TrackedObjects::TrackedObjects(const spec::Workload& workload, const spec::FusedGroup& group,
                               const machines::simba::GbLayout& layout) {
  for (const auto& [tensor, range] : layout.resident) {
    add(tensor, range);
    const auto odd = layout.odd.find(tensor);
    if (odd == layout.odd.end()) continue;
    two_.insert(tensor);
    places_.push_back({tensor, odd->second});
  }
  std::set<spec::TensorId> written;
  for (const spec::PlannedNode& n : group.nodes) {
    const spec::Node& node = workload.nodes[n.node];
    for (const spec::TensorView* v : node.reads())
      if (written.count(v->tensor) != 0) {
        deferred_.insert(v->tensor);
        add(v->tensor, {});
      }
    const spec::TensorId out = node.writes().tensor;
    if (std::find(group.pinned.begin(), group.pinned.end(), out) != group.pinned.end()) written_pins_.push_back(out);
    if (!group.is_resident(out)) written.insert(out);
  }
}

void TrackedObjects::add(spec::TensorId tensor, const machines::simba::GbRange& range) {
  if (numbers_.emplace(tensor, static_cast<std::uint32_t>(places_.size())).second) places_.push_back({tensor, range});
}

std::optional<std::uint32_t> TrackedObjects::number(spec::TensorId tensor) const {
  const auto found = numbers_.find(tensor);
  if (found == numbers_.end()) return std::nullopt;
  return found->second;
}

}  // namespace heat::simba
