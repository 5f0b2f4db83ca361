// A whole tensor is read once and multicast; shares go to one chiplet each.
#include "machines/simba/pinned_loads.h"

#include <cmath>
#include <cstring>

namespace heat::machines::simba {
namespace {

using spec::Action;

double& action(NodeStep& s, Action a) {
  return s.actions[static_cast<std::size_t>(a)];
}

}  // namespace

PinnedLoads::PinnedLoads(const spec::Workload& workload, const spec::FusedGroup& group, const Shares& shares,
                         const StepPricer& pricer)
    : shares_(shares), pricer_(pricer) {
  for (spec::TensorId t : group.pinned) {
    const std::int64_t bytes = workload.tensors[t].bytes();
    if (group.shares_out(workload, t)) {
      per_value_bytes_ += static_cast<double>(bytes) / static_cast<double>(group.extent);
      ++step_loads_;
    } else {
      whole_bytes_ += whole_blocks(static_cast<double>(bytes));
      whole_gb_writes_ += static_cast<double>(packed_accesses(bytes, pricer.machine().arch.global_buffer.word_bytes));
      ++whole_loads_;
    }
  }
}

NodeStep PinnedLoads::whole() const {
  NodeStep s;
  const int n = shares_.participants();
  s.load_bytes = whole_bytes_;
  action(s, Action::kDramByte) = whole_bytes_;
  action(s, Action::kNopByteHop) = whole_bytes_ * pricer_.tree_links(n);
  action(s, Action::kGlobalBufferWrite) = n * whole_gb_writes_;
  action(s, Action::kControllerCommand) = static_cast<double>(n) * whole_loads_;
  s.memory = s.first_load = pricer_.joint_load_cycles(whole_bytes_);
  s.latency = whole_loads_ ? pricer_.load_latency(shares_.participants()) : 0;
  return s;
}

NodeStep PinnedLoads::step(double full, double partial) const {
  NodeStep s;
  const auto bytes = [&](double values) { return values > 0 ? whole_blocks(values * per_value_bytes_) : 0.0; };
  const double word = pricer_.machine().arch.global_buffer.word_bytes;
  s.load_bytes = shares_.full * bytes(full) + bytes(partial);
  action(s, Action::kDramByte) = s.load_bytes;
  action(s, Action::kNopByteHop) =
      bytes(full) * pricer_.unicast_hops(shares_.full) +
      (partial > 0 ? bytes(partial) * (pricer_.unicast_hops(shares_.full + 1) - pricer_.unicast_hops(shares_.full))
                   : 0);
  action(s, Action::kGlobalBufferWrite) =
      shares_.full * std::ceil(full * per_value_bytes_ / word) + std::ceil(partial * per_value_bytes_ / word);
  action(s, Action::kControllerCommand) = static_cast<double>(step_loads_) * (shares_.full + (partial > 0 ? 1 : 0));
  s.memory = s.first_load = std::max(pricer_.port_cycles(s.load_bytes),
                                     pricer_.link_cycles(bytes(full)) * pricer_.link_packets(shares_.full));
  s.latency = pricer_.load_latency(shares_.participants());
  return s;
}

void PinnedLoads::append_key(std::vector<std::int64_t>& key) const {
  for (double bytes : {whole_bytes_, per_value_bytes_, whole_gb_writes_}) {
    std::int64_t bits = 0;
    std::memcpy(&bits, &bytes, sizeof bits);
    key.push_back(bits);
  }
  key.insert(key.end(), {whole_loads_, step_loads_});
}

}  // namespace heat::machines::simba
