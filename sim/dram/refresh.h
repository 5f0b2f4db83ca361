// When refreshes fall due. A rank owes one every tREFI (all-bank) or tREFIpb (per-bank); it may postpone up to a number
// of them while requests wait, and pays them back as soon as it is idle or may postpone no more.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/dram/types.h"
#include "spec/dram_spec.h"

namespace heat::dram {

class Refresh {
 public:
  explicit Refresh(const spec::DramSpec& spec);

  bool per_bank() const { return per_bank_; }
  // Earliest cycle at which a rank owes one more.
  Cycle next_due() const { return next_due_; }
  // Books what has fallen due by cycle t.
  void advance_to(Cycle t);
  // Whether a refresh of the rank goes first now. `busy`: requests for the rank are queued.
  bool wanted(int rank, bool busy) const {
    const Rank& r = ranks_[static_cast<std::size_t>(rank)];
    return r.owed > 0 && (!busy || r.owed > max_postponed_);
  }
  int owed(int rank) const { return ranks_[static_cast<std::size_t>(rank)].owed; }
  void done(int rank) { --ranks_[static_cast<std::size_t>(rank)].owed; }

  // Per-bank refresh: the first bank of the rank (0 .. refreshes_per_round - 1) that is refreshed next; every bank once
  // before any twice, and one that `prefers` likes before others. The choice stays until bank_done.
  template <class Prefers>
  int target_bank(int rank, const Prefers& prefers);
  void bank_done(int rank);

  // Self-refresh: the rank owes nothing while inside, and one refresh when it leaves.
  void suspend(int rank);
  void resume(int rank, Cycle t);

  // For controller_idle.cpp: cycles from one round of refreshes to the next (kNever without refresh), what is owed and due
  // relative to cycle t, and the same state so many cycles later.
  Cycle round() const { return round_; }
  void append_state(Cycle t, std::vector<Cycle>& state) const;
  void shift(Cycle cycles);

 private:
  struct Rank {
    Cycle due = kNever;
    int owed = 0;
    int target = -1;
    std::vector<bool> refreshed;
    int refreshed_count = 0;
  };
  void find_next_due();

  bool per_bank_;
  Cycle interval_, round_;
  int max_postponed_;
  Cycle next_due_ = kNever;
  std::vector<Rank> ranks_;
};

template <class Prefers>
int Refresh::target_bank(int rank, const Prefers& prefers) {
  Rank& r = ranks_[static_cast<std::size_t>(rank)];
  for (int b = 0; r.target < 0 && b < static_cast<int>(r.refreshed.size()); ++b)
    if (!r.refreshed[static_cast<std::size_t>(b)] && prefers(b)) r.target = b;
  for (int b = 0; r.target < 0; ++b)
    if (!r.refreshed[static_cast<std::size_t>(b)]) r.target = b;
  return r.target;
}

}  // namespace heat::dram
