// JESD79-4 section 4.24 and JESD209-4 section 4.10: up to eight refreshes may be postponed; per-bank refreshes go
// through all banks before one repeats. JESD209-5 section 7.5.1: with 16 banks a per-bank refresh takes two of them.
#include "sim/dram/refresh.h"

#include <algorithm>

namespace heat::dram {

Refresh::Refresh(const spec::DramSpec& spec)
    : per_bank_(spec.controller.refresh == spec::DramRefreshMode::kPerBank),
      interval_(spec.controller.refresh == spec::DramRefreshMode::kNone ? kNever
                                                                        : spec.timing(per_bank_ ? "tREFIpb" : "tREFI")),
      round_(interval_ >= kNever ? kNever : interval_ * spec.refreshes_per_round()),
      max_postponed_(spec.controller.refresh_max_postponed * spec.refreshes_per_round()),
      ranks_(static_cast<std::size_t>(spec.organization.ranks)) {
  for (Rank& r : ranks_) {
    r.due = interval_;
    r.refreshed.assign(static_cast<std::size_t>(spec.refreshes_per_round()), false);
  }
  find_next_due();
}

void Refresh::find_next_due() {
  next_due_ = kNever;
  for (const Rank& r : ranks_) next_due_ = std::min(next_due_, r.due);
}

void Refresh::advance_to(Cycle t) {
  for (Rank& r : ranks_)
    while (r.due <= t) {
      ++r.owed;
      r.due += interval_;
    }
  find_next_due();
}

void Refresh::bank_done(int rank) {
  Rank& r = ranks_[static_cast<std::size_t>(rank)];
  r.refreshed[static_cast<std::size_t>(r.target)] = true;
  r.target = -1;
  --r.owed;
  if (++r.refreshed_count == static_cast<int>(r.refreshed.size())) {
    r.refreshed.assign(r.refreshed.size(), false);
    r.refreshed_count = 0;
  }
}

void Refresh::suspend(int rank) {
  Rank& r = ranks_[static_cast<std::size_t>(rank)];
  r.due = kNever;
  r.owed = 0;
  find_next_due();
}

void Refresh::resume(int rank, Cycle t) {
  Rank& r = ranks_[static_cast<std::size_t>(rank)];
  if (interval_ == kNever) return;
  r.due = t + interval_;
  r.owed = 1;
  find_next_due();
}

void Refresh::append_state(Cycle t, std::vector<Cycle>& state) const {
  for (const Rank& r : ranks_) {
    state.insert(state.end(), {r.due >= kNever ? kNever : r.due - t, r.owed, r.target, r.refreshed_count});
    state.insert(state.end(), r.refreshed.begin(), r.refreshed.end());
  }
}

void Refresh::shift(Cycle cycles) {
  for (Rank& r : ranks_)
    if (r.due < kNever) r.due += cycles;
  find_next_due();
}

}  // namespace heat::dram
