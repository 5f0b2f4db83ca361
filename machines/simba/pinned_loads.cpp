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
    Source& from = from_[group.travels(t) ? 1 : 0];
    if (group.shares_out(workload, t)) {
      from.per_value_bytes += static_cast<double>(bytes) / static_cast<double>(group.extent);
      ++step_loads_;
    } else {
      from.whole_bytes += whole_blocks(static_cast<double>(bytes));
      whole_gb_writes_ += static_cast<double>(packed_accesses(bytes, pricer.machine().arch.global_buffer.word_bytes));
      ++whole_loads_;
    }
  }
}

NodeStep PinnedLoads::whole() const {
  NodeStep s;
  const int n = shares_.participants();
  const double word = pricer_.machine().arch.global_buffer.word_bytes;
  const double from_dram = from_[0].whole_bytes, travelling = from_[1].whole_bytes;
  s.load_bytes = from_dram + travelling;
  action(s, Action::kDramByte) = from_dram;
  action(s, Action::kNopByteHop) = from_dram * pricer_.tree_links(n) + travelling * pricer_.tree_links(n, true);
  action(s, Action::kGlobalBufferRead) = std::ceil(travelling / word);
  action(s, Action::kGlobalBufferWrite) = n * whole_gb_writes_;
  action(s, Action::kControllerCommand) = static_cast<double>(n) * whole_loads_;
  s.memory = s.first_load = std::max(pricer_.port_cycles(from_dram), pricer_.link_cycles(s.load_bytes));
  s.latency = whole_loads_ ? pricer_.load_latency(n, from_dram == 0) : 0;
  return s;
}

NodeStep PinnedLoads::step(double full, double partial) const {
  NodeStep s;
  const double word = pricer_.machine().arch.global_buffer.word_bytes;
  const int f = shares_.full;
  double link = 0;
  for (const bool travels : {false, true}) {
    const double per_value = from_[travels ? 1 : 0].per_value_bytes;
    const auto bytes = [&](double values) { return values > 0 ? whole_blocks(values * per_value) : 0.0; };
    const double loaded = f * bytes(full) + bytes(partial);
    const double words = f * std::ceil(full * per_value / word) + std::ceil(partial * per_value / word);
    s.load_bytes += loaded;
    action(s, travels ? Action::kGlobalBufferRead : Action::kDramByte) += travels ? words : loaded;
    action(s, Action::kNopByteHop) +=
        bytes(full) * pricer_.unicast_hops(f, travels) +
        (partial > 0 ? bytes(partial) * (pricer_.unicast_hops(f + 1, travels) - pricer_.unicast_hops(f, travels)) : 0);
    action(s, Action::kGlobalBufferWrite) += words;
    link += pricer_.link_cycles(bytes(full)) * pricer_.link_packets(f, travels);
  }
  action(s, Action::kControllerCommand) = static_cast<double>(step_loads_) * (f + (partial > 0 ? 1 : 0));
  const double from_dram = action(s, Action::kDramByte);
  s.memory = s.first_load = std::max(pricer_.port_cycles(from_dram), link);
  s.latency = pricer_.load_latency(shares_.participants(), from_dram == 0);
  return s;
}

void PinnedLoads::append_key(std::vector<std::int64_t>& key) const {
  for (double bytes : {from_[0].whole_bytes, from_[0].per_value_bytes, from_[1].whole_bytes, from_[1].per_value_bytes,
                       whole_gb_writes_}) {
    std::int64_t bits = 0;
    std::memcpy(&bits, &bytes, sizeof bits);
    key.push_back(bits);
  }
  key.insert(key.end(), {whole_loads_, step_loads_});
}

}  // namespace heat::machines::simba
