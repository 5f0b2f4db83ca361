// Signals are numbered in the order of the groups, which is the order in which every chiplet sends them: a signal says
// that the group and all before it are over.
#include "sim/simba_l/result_signals.h"

#include <set>

#include "spec/group_order.h"

namespace heat::simba {

using spec::GroupId;
using spec::TensorId;

ResultSignals::ResultSignals(const spec::Schedule& schedule, const std::vector<machines::simba::GbLayout>& layouts,
                             const spec::ArchSpec& arch) {
  const spec::Plan& plan = schedule.plan;
  for (const spec::Home& h : plan.homes) homes_[h.tensor] = machines::simba::home_range(schedule.workload, h, arch);
  for (GroupId g : plan.groups.ids()) {
    const spec::FusedGroup& group = plan.groups[g];
    std::set<TensorId> used, written;
    for (const spec::PlannedNode& n : group.nodes) {
      const spec::Node& node = schedule.workload.nodes[n.node];
      for (const spec::TensorView* v : node.reads()) used.insert(v->tensor);
      written.insert(node.writes().tensor);
    }
    for (TensorId t : used)
      if (const auto w = writer_.find(t); w != writer_.end() && !spec::used_where_it_was_made(plan, w->second, g, t))
        number_[w->second] = 0;
    for (TensorId t : written)
      if (group.travels(t))
        if (const auto before = last(local_, homes_.at(t), g, t)) number_[*before] = 0;
    const machines::simba::GbLayout& layout = layouts[static_cast<std::size_t>(g.value)];
    const auto write = [&](const GbRange& place, TensorId tensor) {
      if (const auto before = last(remote_, place, g, tensor)) number_[*before] = 0;
      local_.push_back({g, tensor, place});
    };
    for (const auto* places : {&layout.resident, &layout.odd})
      for (const auto& [tensor, range] : *places) write(range, group.home(tensor) ? tensor : TensorId());
    for (const machines::simba::Slots* slots : {&layout.weight, &layout.input, &layout.output, &layout.parameters})
      if (slots->bytes > 0) write({slots->offset, slots->total()}, {});
    used.insert(written.begin(), written.end());
    for (TensorId t : used)
      if (group.travels(t)) {
        local_.push_back({g, t, homes_.at(t)});
        remote_.push_back({g, t, homes_.at(t)});
      }
    for (TensorId t : written) writer_.emplace(t, g);
  }
  std::uint32_t next = 0;
  for (auto& [group, number] : number_) number = ++next;
}

std::optional<GroupId> ResultSignals::last(const std::vector<Use>& uses, const GbRange& range, GroupId group,
                                           TensorId tensor) {
  for (auto use = uses.rbegin(); use != uses.rend(); ++use) {
    if (!(use->group < group) || (tensor && use->tensor == tensor)) continue;
    if (use->range.offset < range.offset + range.bytes && range.offset < use->range.offset + use->range.bytes)
      return use->group;
  }
  return std::nullopt;
}

std::uint32_t ResultSignals::number(std::optional<GroupId> group) const {
  if (!group) return 0;
  const auto found = number_.find(*group);
  return found == number_.end() ? 0 : found->second;
}

std::uint32_t ResultSignals::before_reading(TensorId tensor, GroupId group) const {
  const auto writer = writer_.find(tensor);
  return writer == writer_.end() || writer->second == group ? 0 : number(writer->second);
}

std::uint32_t ResultSignals::before_writing(const GbRange& place, GroupId group, TensorId tensor) const {
  return number(last(remote_, place, group, tensor));
}

std::uint32_t ResultSignals::before_sending(TensorId tensor, GroupId group) const {
  return number(last(local_, homes_.at(tensor), group, tensor));
}

}  // namespace heat::simba
