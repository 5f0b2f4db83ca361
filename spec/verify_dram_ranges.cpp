// Ranges in the order of their addresses; each is compared with those that begin before it ends.
#include <algorithm>

#include "spec/arch_spec.h"
#include "spec/group_order.h"
#include "spec/verify.h"

namespace heat::spec {
namespace {

class RangeVerifier {
 public:
  RangeVerifier(const Schedule& s, base::Problems& problems)
      : w_(s.workload),
        p_(s.plan),
        file_(s.file),
        problems_(problems),
        order_(s.workload, s.plan),
        lives_(lifetimes(w_, p_)) {}

  void verify() {
    std::vector<TensorId> placed;
    for (TensorId t : w_.tensors.ids()) {
      const std::int64_t address = p_.dram_addresses[t];
      if (address < 0) continue;
      if (address % kDmaBlockBytes != 0)
        problems_.add(place(t), "DRAM address " + std::to_string(address) + " is no multiple of " +
                                    std::to_string(kDmaBlockBytes));
      if (lives_[t].used) placed.push_back(t);
    }
    std::stable_sort(placed.begin(), placed.end(),
                     [&](TensorId x, TensorId y) { return p_.dram_addresses[x] < p_.dram_addresses[y]; });
    for (std::size_t i = 0; i < placed.size(); ++i) report_first_fault(placed, i);
  }

 private:
  std::string place(TensorId t) const { return file_ + ": tensor '" + w_.tensors[t].name + "'"; }
  std::int64_t end(TensorId t) const { return p_.dram_addresses[t] + w_.tensors[t].bytes(); }

  // One message a tensor: a file with all addresses alike would make one of every pair.
  void report_first_fault(const std::vector<TensorId>& placed, std::size_t at) {
    const TensorId t = placed[at];
    for (std::size_t i = at + 1; i < placed.size() && p_.dram_addresses[placed[i]] < end(t); ++i) {
      const TensorId other = placed[i];
      const bool before = lives_[t].from < lives_[other].from;
      const TensorId first = before ? t : other, second = before ? other : t;
      if (lives_[t].meets(lives_[other])) {
        problems_.add(place(t), text_of(t) + " overlaps tensor '" + w_.tensors[other].name + "', " + text_of(other) +
                                    "; only tensors that are never alive together may share bytes");
        return;
      }
      if (is_ordered(first, second)) continue;
      const NodeId writer = lives_[second].writer;
      problems_.add(place(second), text_of(second) + " takes the bytes of tensor '" + w_.tensors[first].name + "', " +
                                       text_of(first) + "; node '" + w_.nodes[writer].name +
                                       "' that writes it waits for no result of that group or a later one, so other "
                                       "chiplets may not be done with them");
      return;
    }
  }

  // The first tensor's last use is over on every chiplet when the second, whose life begins later, is written.
  bool is_ordered(TensorId first, TensorId second) const {
    const NodeId writer = lives_[second].writer;
    return !writer || order_.over_before(writer) >= lives_[first].to;
  }

  std::string text_of(TensorId t) const {
    return "DRAM bytes " + std::to_string(p_.dram_addresses[t]) + " to " + std::to_string(end(t)) + ", alive from " +
           moment(lives_[t].from) + " to " + moment(lives_[t].to);
  }
  std::string moment(std::int32_t group) const {
    if (group < 0) return "the start";
    if (group >= static_cast<std::int32_t>(p_.groups.size())) return "the end";
    return "group '" + p_.groups[GroupId(group)].name + "'";
  }

  const Workload& w_;
  const Plan& p_;
  const std::string& file_;
  base::Problems& problems_;
  const GroupOrder order_;
  const IdVector<TensorId, Lifetime> lives_;  // the nodes of one group run side by side
};

}  // namespace

void verify_dram_ranges(const Schedule& schedule, base::Problems& problems) {
  RangeVerifier(schedule, problems).verify();
}

void verify_dram_capacity(const Schedule& schedule, std::int64_t capacity, base::Problems& problems) {
  for (TensorId t : schedule.workload.tensors.ids()) {
    const Tensor& tensor = schedule.workload.tensors[t];
    const std::int64_t address = schedule.plan.dram_addresses[t];
    if (address >= 0 && address + tensor.bytes() > capacity)
      problems.add(schedule.file + ": tensor '" + tensor.name + "'",
                   "ends at DRAM address " + std::to_string(address + tensor.bytes()) + ", the DRAM has " +
                       std::to_string(capacity) + " bytes");
  }
}

}  // namespace heat::spec
