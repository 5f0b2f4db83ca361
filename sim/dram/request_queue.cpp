// Doubly linked lists through a fixed array, one list a bank; free slots form a list of their own.
#include "sim/dram/request_queue.h"

#include "base/errors.h"

namespace heat::dram {

RequestQueue::RequestQueue(int capacity, int banks)
    : entries_(static_cast<std::size_t>(capacity)),
      marks_(static_cast<std::size_t>(capacity)),
      head_(static_cast<std::size_t>(banks), kNone),
      tail_(static_cast<std::size_t>(banks), kNone),
      hit_(static_cast<std::size_t>(banks), kNone),
      banks_((static_cast<std::size_t>(banks) + 63) / 64, 0),
      filter_(1024, 0) {
  for (int s = capacity - 1; s >= 0; --s) {
    entry(s).next = free_;
    free_ = s;
  }
}

int RequestQueue::push(const Access& access, Cycle arrival, std::uint64_t age, std::int64_t open_row, bool held) {
  HEAT_CHECK(free_ != kNone, "push into a full queue");
  const int slot = free_;
  Entry& e = entry(slot);
  free_ = e.next;
  const auto bank = static_cast<std::size_t>(access.place.bank);
  e = Entry{access, arrival, age, tail_[bank], kNone, false, false, held};
  (e.previous == kNone ? head_[bank] : entry(e.previous).next) = slot;
  tail_[bank] = slot;
  banks_[bank / 64] |= std::uint64_t{1} << bank % 64;
  if (hit_[bank] == kNone && access.place.row == open_row && !held) hit_[bank] = slot;
  ++filter_[filter_slot(access.line)];
  ++size_;
  held_ += held;
  return slot;
}

void RequestQueue::remove(int slot, std::int64_t open_row) {
  Entry& e = entry(slot);
  const auto bank = static_cast<std::size_t>(e.access.place.bank);
  if (hit_[bank] == slot) hit_[bank] = next_hit(e.next, open_row);
  (e.previous == kNone ? head_[bank] : entry(e.previous).next) = e.next;
  (e.next == kNone ? tail_[bank] : entry(e.next).previous) = e.previous;
  if (head_[bank] == kNone) banks_[bank / 64] &= ~(std::uint64_t{1} << bank % 64);
  --filter_[filter_slot(e.access.line)];
  --size_;
  e.next = free_;
  free_ = slot;
}

bool RequestQueue::has_other_hit(int slot) const {
  const Entry& e = entry(slot);
  const int first = hit(e.access.place.bank);
  if (first != slot) return first != kNone;
  return next_hit(e.next, e.access.place.row) != kNone;
}

int RequestQueue::find(std::uint64_t line) const {
  if (filter_[filter_slot(line)] == 0) return kNone;
  for (std::size_t w = 0; w < banks_.size(); ++w)
    for (std::uint64_t left = banks_[w]; left != 0; left &= left - 1)
      for (int s = tail_[w * 64 + static_cast<std::size_t>(__builtin_ctzll(left))]; s != kNone; s = entry(s).previous)
        if (entry(s).access.line == line) return s;
  return kNone;
}

std::uint64_t RequestQueue::oldest_age(std::uint64_t line, int bank) const {
  if (filter_[filter_slot(line)] == 0) return kNoAge;
  for (int s = head_[static_cast<std::size_t>(bank)]; s != kNone; s = entry(s).next)
    if (entry(s).access.line == line) return entry(s).age;
  return kNoAge;
}

void RequestQueue::release(std::uint64_t line, int bank, std::int64_t open_row, std::uint64_t before) {
  for (int s = head_[static_cast<std::size_t>(bank)]; s != kNone; s = entry(s).next)
    if (entry(s).held && entry(s).access.line == line && entry(s).age < before) {
      entry(s).held = false;
      --held_;
      none_before_ = 0;
    }
  row_opened(bank, open_row);
}

int RequestQueue::oldest_of_all() const {
  int best = kNone;
  for (std::size_t w = 0; w < banks_.size(); ++w)
    for (std::uint64_t left = banks_[w]; left != 0; left &= left - 1) {
      const int s = oldest(static_cast<int>(w * 64) + __builtin_ctzll(left));
      if (s != kNone && (best == kNone || entry(s).age < entry(best).age)) best = s;
    }
  return best;
}

// Entries that come later arrive later, so the search is needed once in as many cycles as the bound is long.
bool RequestQueue::waits_since(Cycle cycle) {
  if (cycle < none_before_ || size_ == held_) return false;
  none_before_ = entry(oldest_of_all()).arrival;
  return none_before_ <= cycle;
}

}  // namespace heat::dram
