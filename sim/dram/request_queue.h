// The read or the write queue of a channel: slots in age order per bank, with the oldest row hit of every bank at hand.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/dram/types.h"

namespace heat::dram {

class RequestQueue {
 public:
  static constexpr int kNone = -1;

  struct Entry {
    Access access;
    Cycle arrival = 0;
    std::uint64_t age = 0;  // order of acceptance in the channel
    int previous = kNone, next = kNone;
    bool activated = false;   // an ACT was issued on its behalf
    bool precharged = false;  // a PRE was issued on its behalf
    bool held = false;        // a write that must wait for an older read of the same address
  };

  RequestQueue(int capacity, int banks);

  bool full() const { return free_ == kNone; }
  int size() const { return size_; }
  int held() const { return held_; }
  Entry& entry(int slot) { return entries_[static_cast<std::size_t>(slot)]; }
  const Entry& entry(int slot) const { return entries_[static_cast<std::size_t>(slot)]; }

  // Oldest entry of a bank, and its oldest entry for the open row (kNone when none).
  // Held entries do not count.
  int oldest(int bank) const {
    int slot = head_[static_cast<std::size_t>(bank)];
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
  // Lets writes that were held for this line of `bank` go.
  void release(std::uint64_t line, int bank, std::int64_t open_row);

  void row_opened(int bank, std::int64_t row) {
    hit_[static_cast<std::size_t>(bank)] = next_hit(head_[static_cast<std::size_t>(bank)], row);
  }
  void row_closed(int bank) { hit_[static_cast<std::size_t>(bank)] = kNone; }

 private:
  int next_hit(int slot, std::int64_t row) const {
    while (slot != kNone && (entry(slot).access.place.row != row || entry(slot).held)) slot = entry(slot).next;
    return slot;
  }
  std::size_t filter_slot(std::uint64_t line) const {
    return static_cast<std::size_t>((line * 0x9E3779B97F4A7C15ull) >> 54);
  }

  std::vector<Entry> entries_;
  std::vector<int> head_, tail_, hit_;  // by bank
  std::vector<std::uint64_t> banks_;
  std::vector<std::uint16_t> filter_;  // counts of lines by hash: 0 means that no entry has the line
  int free_ = kNone, size_ = 0, held_ = 0;
};

}  // namespace heat::dram
