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
  for (const spec::DramConstraint& c : spec.constraints) {
    if (c.window <= 1) continue;
    windows_.push_back({c.from_mask, c.scope, static_cast<std::uint8_t>(spec::index(c.to)), c.window, c.latency,
                        std::vector<Cycle>(count * static_cast<std::size_t>(c.window), -kNever),
                        std::vector<int>(count, 0)});
    window_commands_ |= c.from_mask;
  }
  for (int command = 0; command < spec::kDramCommands; ++command)
    for (int b = 0; b < o.banks(); ++b) {
      first_update_.push_back(updates_.size());
      add_updates(spec, command, b);
    }
  first_update_.push_back(updates_.size());
}

void TimingTable::add_updates(const spec::DramSpec& spec, int command, int bank) {
  for (const spec::DramConstraint& c : spec.constraints) {
    if (c.window > 1 || (c.from_mask >> command & 1u) == 0) continue;
    const auto to = static_cast<std::size_t>(spec::index(c.to));
    if (c.scope == DramScope::kBank || c.scope == DramScope::kBankGroup) {
      const int end = (rank_of_bank_[static_cast<std::size_t>(bank)] + 1) * spec.organization.banks_per_rank();
      const bool several = command == spec::index(spec::DramCommand::kRefBank);
      const int stride = several ? spec.refresh_stride() : spec.organization.banks_per_rank();
      for (int b = bank; b < end; b += stride) add_update(node(c.scope, b) + to, c.latency);
      continue;
    }
    if (c.scope != DramScope::kOtherRank) {
      add_update(node(c.scope, bank) + to, c.latency);
      continue;
    }
    for (int r = 0; r < ranks_; ++r)
      if (r != rank_of_bank_[static_cast<std::size_t>(bank)]) add_update(rank_node(r) + to, c.latency);
  }
}

// Of two updates of a cell by one command the longer one counts.
void TimingTable::add_update(std::size_t cell, Cycle latency) {
  for (std::size_t i = first_update_.back(); i < updates_.size(); ++i)
    if (updates_[i].cell == cell) {
      updates_[i].latency = std::max(updates_[i].latency, latency);
      return;
    }
  updates_.push_back({cell, latency});
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

void TimingTable::issue_windows(spec::DramCommand command, int bank, Cycle t) {
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

void TimingTable::append_state(Cycle t, std::vector<Cycle>& state) const {
  for (const Cycle cell : next_) state.push_back(std::max<Cycle>(cell - t, 0));
  for (const Window& w : windows_) {
    for (std::size_t i = 0; i < w.head.size(); ++i)
      for (int k = 0; k < w.size; ++k) {
        const auto at = static_cast<std::size_t>((w.head[i] + k) % w.size);
        state.push_back(std::max<Cycle>(w.ring[i * static_cast<std::size_t>(w.size) + at] + w.latency - t, 0));
      }
  }
}

void TimingTable::shift(Cycle cycles) {
  for (Cycle& cell : next_) cell += cycles;
  for (Window& w : windows_)
    for (Cycle& t : w.ring) t += cycles;
}

}  // namespace heat::dram
