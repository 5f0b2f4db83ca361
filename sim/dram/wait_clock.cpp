// The causes are taken in their order, each at most what the ones before it leave: refresh and direction by their clocks,
// then up to the last access that the bank served before this one; the rest is the access's own row and the buses.
#include "sim/dram/wait_clock.h"

#include <algorithm>

namespace heat::dram {

const WaitCauseName& Wait::cause() const {
  const auto most = std::max_element(by_cause.begin(), by_cause.end());
  return kWaitCauses[static_cast<std::size_t>(most - by_cause.begin())];
}

Wait WaitClock::wait(int bank, bool write, Cycle arrival, const WaitMarks& marks, Cycle t) const {
  Wait w;
  w.cycles = t - arrival;
  w.arrival = arrival;
  w.write = write;
  Cycle left = w.cycles;
  const auto take = [&](WaitCause cause, Cycle cycles) {
    const Cycle taken = std::clamp<Cycle>(cycles, 0, left);
    w.by_cause[static_cast<std::size_t>(cause)] = taken;
    left -= taken;
  };
  take(WaitCause::kRefresh, refreshed(bank, t) - marks.refresh);
  const Cycle writes = writing(t) - marks.writing;
  take(WaitCause::kOtherDirection, write ? w.cycles - writes : writes);
  const Cycle last = banks_[static_cast<std::size_t>(bank)].last_column;
  take(WaitCause::kBank, last - arrival - (w.cycles - left));
  take(WaitCause::kRow, left);
  return w;
}

void WaitClock::shift(Cycle cycles) {
  since_ += cycles;
  for (Bank& b : banks_) b.refresh_end += cycles;
}

}  // namespace heat::dram
