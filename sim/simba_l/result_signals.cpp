// Signals are numbered in the order of the groups, which is the order in which every chiplet sends them.
#include "sim/simba_l/result_signals.h"

namespace heat::simba {

ResultSignals::ResultSignals(const spec::Schedule& schedule) {
  const spec::Plan& plan = schedule.plan;
  for (spec::GroupId g : plan.groups.ids()) {
    for (const spec::PlannedNode& n : plan.groups[g].nodes)
      for (const spec::TensorView* v : schedule.workload.nodes[n.node].reads())
        if (const auto w = writer_.find(v->tensor); w != writer_.end() && !plan.groups[g].home(v->tensor))
          number_[w->second] = 0;
    for (const spec::PlannedNode& n : plan.groups[g].nodes)
      writer_.emplace(schedule.workload.nodes[n.node].writes().tensor, g);
  }
  std::uint32_t next = 0;
  for (auto& [group, number] : number_) number = ++next;
}

std::uint32_t ResultSignals::before_reading(spec::TensorId tensor, spec::GroupId group) const {
  const auto writer = writer_.find(tensor);
  if (writer == writer_.end() || writer->second == group) return 0;
  const auto number = number_.find(writer->second);
  return number == number_.end() ? 0 : number->second;
}

}  // namespace heat::simba
