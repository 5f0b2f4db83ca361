// Nodes: the channel, then ranks, bank groups and banks. A window of n (tFAW: 4) is folded into the same array: when
// the n-th last command of its set was at t0, the next may follow at t0 + latency.
#include "sim/dram/timing_table.h"

namespace heat::dram {

using spec::DramScope;

TimingTable::TimingTable(const spec::DramSpec& spec) : ranks_(spec.organization.ranks) {
  const spec::DramOrganization& o = spec.organization;
  const int groups = o.ranks * o.bank_groups;
  for (int b = 0; b < o.banks(); ++b) {
    const int group = b / o.banks_per_group;
    const int rank = group / o.bank_groups;
    const auto at = [](int n) { return static_cast<std::size_t>(n) * kStride; };
    nodes_.push_back({at(1 + o.ranks + groups + b), at(1 + o.ranks + group), at(1 + rank)});
    rank_of_bank_.push_back(rank);
  }
  const std::size_t count = static_cast<std::size_t>(1 + o.ranks + groups + o.banks());
  next_.assign(count * kStride, 0);
  updates_.resize(spec::kDramCommands);
  for (const spec::DramConstraint& c : spec.constraints) {
    if (c.window > 1) {
      windows_.push_back({c.from_mask, c.scope, static_cast<std::uint8_t>(spec::index(c.to)), c.window, c.latency,
                          std::vector<Cycle>(count * static_cast<std::size_t>(c.window), -kNever),
                          std::vector<int>(count, 0)});
      window_commands_ |= c.from_mask;
      continue;
    }
    for (int from = 0; from < spec::kDramCommands; ++from)
      if (c.from_mask >> from & 1u)
        updates_[static_cast<std::size_t>(from)].push_back(
            {c.scope, static_cast<std::uint8_t>(spec::index(c.to)), c.latency});
  }
}

std::size_t TimingTable::node(DramScope scope, int bank) const {
  const Nodes& n = nodes_[static_cast<std::size_t>(bank)];
  switch (scope) {
    case DramScope::kBank:
      return n.bank;
    case DramScope::kBankGroup:
      return n.group;
    case DramScope::kRank:
    case DramScope::kOtherRank:
      return n.rank;
    case DramScope::kChannel:
      break;
  }
  return 0;
}

void TimingTable::issue(spec::DramCommand command, int bank, Cycle t) {
  for (const Update& u : updates_[static_cast<std::size_t>(spec::index(command))]) {
    if (u.scope != DramScope::kOtherRank) {
      push(node(u.scope, bank) + u.to, t + u.latency);
      continue;
    }
    for (int r = 0; r < ranks_; ++r)
      if (r != rank_of_bank_[static_cast<std::size_t>(bank)]) push(rank_node(r) + u.to, t + u.latency);
  }
  if (window_commands_ & spec::bit(command))
    for (Window& w : windows_)
      if (w.from_mask & spec::bit(command)) issue_window(w, bank, t);
}

void TimingTable::issue_window(Window& w, int bank, Cycle t) {
  const std::size_t at = node(w.scope, bank);
  const std::size_t instance = at / kStride;
  Cycle* ring = &w.ring[instance * static_cast<std::size_t>(w.size)];
  int& head = w.head[instance];
  ring[head] = t;
  head = head + 1 == w.size ? 0 : head + 1;
  push(at + w.to, ring[head] + w.latency);  // head now is the oldest of the last `size`
}

}  // namespace heat::dram
