// Why an access waited: clocks that run while a bank is being refreshed or while the bus belongs to one direction, read
// when the access enters its queue and again when its column command is issued.
#pragma once

#include <array>
#include <vector>

#include "sim/dram/types.h"

namespace heat::dram {

// What an access waited for, from its acceptance to its column command.
enum class WaitCause : std::uint8_t {
  kRefresh,         // its bank was being refreshed
  kOtherDirection,  // writes had the bus (for a read), or reads (for a write)
  kBank,            // other accesses of its bank went first
  kRow              // the rest: its rank waking up, its row being opened, commands and data of other banks
};
struct WaitCauseName {
  WaitCause value;
  const char* name;  // in results
  const char* text;  // for people
};
constexpr std::array<WaitCauseName, 4> kWaitCauses{
    {{WaitCause::kRefresh, "refresh", "refresh of its bank"},
     {WaitCause::kOtherDirection, "other_direction", "accesses of the other direction"},
     {WaitCause::kBank, "bank", "accesses of its bank that went first"},
     {WaitCause::kRow, "row_and_buses", "opening its row and the buses"}}};

// The longest wait of a channel.
struct Wait {
  Cycle cycles = -1;  // -1: nothing waited yet
  Cycle arrival = 0;
  bool write = false;
  int channel = 0;
  Place place;
  std::array<Cycle, kWaitCauses.size()> by_cause{};  // adds up to `cycles`
  const WaitCauseName& cause() const;
};

struct WaitMarks {
  Cycle refresh = 0, writing = 0;
};

class WaitClock {
 public:
  explicit WaitClock(int banks) : banks_(static_cast<std::size_t>(banks)) {}

  void refresh(int bank, Cycle t, Cycle duration) {
    Bank& b = banks_[static_cast<std::size_t>(bank)];
    b.refreshed += duration;
    b.refresh_end = t + duration;
  }
  void direction(bool write, Cycle t) {
    if (write == write_) return;
    writing_ += write_ ? t - since_ : 0;
    write_ = write;
    since_ = t;
  }
  void column(int bank, Cycle t) { banks_[static_cast<std::size_t>(bank)].last_column = t; }

  WaitMarks marks(int bank, Cycle t) const { return {refreshed(bank, t), writing(t)}; }
  // The wait of an access of `bank` that entered in `arrival` with `marks` and is issued in `t`, before column() hears
  // of it.
  Wait wait(int bank, bool write, Cycle arrival, const WaitMarks& marks, Cycle t) const;
  // All clocks go on by so many cycles in which nothing waited.
  void shift(Cycle cycles);

 private:
  struct Bank {
    Cycle refreshed = 0, refresh_end = 0, last_column = -1;
  };
  Cycle refreshed(int bank, Cycle t) const {
    const Bank& b = banks_[static_cast<std::size_t>(bank)];
    return b.refreshed - (b.refresh_end > t ? b.refresh_end - t : 0);
  }
  Cycle writing(Cycle t) const { return writing_ + (write_ ? t - since_ : 0); }

  std::vector<Bank> banks_;
  bool write_ = false;
  Cycle since_ = 0, writing_ = 0;
};

}  // namespace heat::dram
