// Where runs start matters only within one round of all banks. A loop moves the starts around that ring in equal steps:
// what it adds to a place is a window over the ring's orbit, so that a loop costs the ring's length, however often it
// turns.
#include "machines/simba/gb_words.h"

#include <algorithm>
#include <numeric>

namespace heat::machines::simba {

void BankCounter::start(const spec::GlobalBufferSpec& gb) {
  word_ = gb.word_bytes;
  banks_ = gb.banks;
  words_ = everywhere_ = 0;
  in_bank_.assign(static_cast<std::size_t>(banks_), 0);
}

// Every start becomes `turns` of them, `step` places of the ring apart.
void BankCounter::spread(std::int64_t step, std::int64_t turns) {
  const auto size = static_cast<std::int64_t>(ring_.size());
  const std::int64_t orbits = std::gcd(step, size), length = size / orbits;
  const std::int64_t rounds = turns / length, rest = turns % length;
  const auto next = [&](std::int64_t place) { return place + step < size ? place + step : place + step - size; };
  spread_.resize(ring_.size());
  for (std::int64_t first = 0; first < orbits; ++first) {
    std::int64_t sum = 0, window = 0, behind = first;
    for (std::int64_t i = 0, at = first; i < length; ++i, at = next(at)) {
      sum += ring_[static_cast<std::size_t>(at)];
      if (i < rest) window += ring_[static_cast<std::size_t>(at)];
    }
    // The window ends at place `ahead` of the orbit, where its starts have come after the last turn but none.
    std::int64_t ahead = (first + (rest + length - 1) % length * step) % size;
    for (std::int64_t i = 0; i < length; ++i) {
      spread_[static_cast<std::size_t>(ahead)] = rounds * sum + window;
      window -= rest > 0 ? ring_[static_cast<std::size_t>(behind)] : 0;
      behind = next(behind);
      ahead = next(ahead);
      window += rest > 0 ? ring_[static_cast<std::size_t>(ahead)] : 0;
    }
  }
  ring_.swap(spread_);
}

void BankCounter::add(std::int64_t first, const std::vector<StridedDim>& loops, std::int64_t length) {
  const std::int64_t words = (length + word_ - 1) / word_, rest = words % banks_;
  std::int64_t runs = 1, unit = word_;
  for (const StridedDim& l : loops) {
    runs *= l.size;
    unit = std::gcd(unit, l.stride);
  }
  words_ += runs * words;
  everywhere_ += runs * (words / banks_);
  if (rest == 0) return;
  const std::int64_t size = banks_ * word_ / unit;
  ring_.assign(static_cast<std::size_t>(size), 0);
  ring_[static_cast<std::size_t>(first / unit % size)] = 1;
  std::int64_t times = 1;
  for (const StridedDim& l : loops) {
    const std::int64_t step = l.stride / unit % size;
    if (step == 0)
      times *= l.size;
    else
      spread(step, l.size);
  }
  const std::int64_t places = word_ / unit;
  for (std::int64_t bank = 0; bank < banks_; ++bank) {
    std::int64_t starts = 0;
    for (std::int64_t p = 0; p < places; ++p) starts += ring_[static_cast<std::size_t>(bank * places + p)];
    for (std::int64_t w = 0; starts > 0 && w < rest; ++w)
      in_bank_[static_cast<std::size_t>((bank + w) % banks_)] += times * starts;
  }
}

WordCount BankCounter::count() const {
  return {words_, everywhere_ + *std::max_element(in_bank_.begin(), in_bank_.end())};
}

}  // namespace heat::machines::simba
