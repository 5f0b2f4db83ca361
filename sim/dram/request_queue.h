// The read or the write queue of a channel: slots in age order per bank, with the oldest row hit of every bank at hand.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/dram/types.h"
#include "sim/dram/wait_clock.h"

namespace heat::dram {

class RequestQueue {
 public:
  static constexpr int kNone = -1;
  static constexpr std::uint64_t kNoAge = UINT64_MAX;

  struct Entry {
    Access access;
    Cycle arrival = 0;
    std::uint64_t age = 0;  // order of acceptance in the channel
    int previous = kNone, next = kNone;
    bool activated = false;   // an ACT was issued on its behalf
    bool precharged = false;  // a PRE was issued on its behalf
    bool held = false;        // must wait for an older access of the same address in the other queue
  };

  RequestQueue(int capacity, int banks);

  bool full() const { return free_ == kNone; }
  int size() const { return size_; }
  int held() const { return held_; }
  Entry& entry(int slot) { return entries_[static_cast<std::size_t>(slot)]; }
  const Entry& entry(int slot) const { return entries_[static_cast<std::size_t>(slot)]; }

  // Beside the entries, which the scheduler runs through at every command.
  WaitMarks& marks(int slot) { return marks_[static_cast<std::size_t>(slot)]; }

  // Oldest entry of a bank, and its oldest entry for the open row (kNone when none).
  // Held entries do not count.
  int oldest(int bank) const {
    int slot = head_[static_cast<std::size_t>(bank)];
    if (held_ == 0) return slot;
    while (slot != kNone && entry(slot).held) slot = entry(slot).next;
    return slot;
  }
  int hit(int bank) const { return hit_[static_cast<std::size_t>(bank)]; }
  // Whether another entry than `slot` waits for the open row of its bank.
  bool has_other_hit(int slot) const;
  // Banks with entries, as a bit set.
  const std::vector<std::uint64_t>& banks() const { return banks_; }

  // open_row: of the bank the access goes to, -1 when closed. Returns the slot.
  int push(const Access& access, Cycle arrival, std::uint64_t age, std::int64_t open_row, bool held);
  void remove(int slot, std::int64_t open_row);
  // The slot of the youngest entry for this line, or kNone.
  int find(std::uint64_t line) const;
  // Age of the oldest entry for this line of `bank`; kNoAge when none.
  std::uint64_t oldest_age(std::uint64_t line, int bank) const;
  // Lets entries for this line of `bank` that are older than `before` go.
  void release(std::uint64_t line, int bank, std::int64_t open_row, std::uint64_t before);
  // Whether an entry that is not held has waited since `cycle` or longer.
  bool waits_since(Cycle cycle);
  // Whether an entry that is not held is older than `age`.
  bool has_older(std::uint64_t age) const {
    const int oldest = oldest_of_all();
    return oldest != kNone && entry(oldest).age < age;
  }

  void row_opened(int bank, std::int64_t row) {
    hit_[static_cast<std::size_t>(bank)] = next_hit(head_[static_cast<std::size_t>(bank)], row);
  }
  void row_closed(int bank) { hit_[static_cast<std::size_t>(bank)] = kNone; }

 private:
  int oldest_of_all() const;
  int next_hit(int slot, std::int64_t row) const {
    while (slot != kNone && (entry(slot).access.place.row != row || entry(slot).held)) slot = entry(slot).next;
    return slot;
  }
  std::size_t filter_slot(std::uint64_t line) const {
    return static_cast<std::size_t>((line * 0x9E3779B97F4A7C15ull) >> 54);
  }

  std::vector<Entry> entries_;
  std::vector<WaitMarks> marks_;
  std::vector<int> head_, tail_, hit_;  // by bank
  std::vector<std::uint64_t> banks_;
  std::vector<std::uint16_t> filter_;  // counts of lines by hash: 0 means that no entry has the line
  int free_ = kNone, size_ = 0, held_ = 0;
  Cycle none_before_ = 0;  // every entry that is not held has arrived in this cycle or later
};

}  // namespace heat::dram
