// What the banks of a channel hold, in flat arrays.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/dram/types.h"
#include "spec/dram_spec.h"

namespace heat::dram {

struct BankState {
  static constexpr std::int64_t kClosed = -1;
  std::int64_t open_row = kClosed;
  std::int32_t columns_since_act = 0;
  std::int32_t timeout = 0;                 // adaptive page policy: idle cycles after which the row is closed
  Cycle opened_at = 0;                      // cycle of the last ACT
  Cycle last_column = 0;                    // cycle of the last ACT or column command
  std::int64_t row_closed_early = kClosed;  // row that the adaptive policy closed last
};

class BankStates {
 public:
  explicit BankStates(const spec::DramSpec& spec)
      : banks_(static_cast<std::size_t>(spec.organization.banks())),
        open_banks_(static_cast<std::size_t>(spec.organization.ranks), 0) {
    for (BankState& b : banks_) b.timeout = spec.controller.page_timeout_cycles;
  }

  BankState& operator[](int bank) { return banks_[static_cast<std::size_t>(bank)]; }
  const BankState& operator[](int bank) const { return banks_[static_cast<std::size_t>(bank)]; }
  int size() const { return static_cast<int>(banks_.size()); }
  int open_banks(int rank) const { return open_banks_[static_cast<std::size_t>(rank)]; }

  void open(int bank, int rank, std::int64_t row, Cycle t) {
    BankState& b = (*this)[bank];
    b.opened_at = b.last_column = t;
    b.open_row = row;
    b.columns_since_act = 0;
    ++open_banks_[static_cast<std::size_t>(rank)];
  }
  void close(int bank, int rank) {
    (*this)[bank].open_row = BankState::kClosed;
    --open_banks_[static_cast<std::size_t>(rank)];
  }

 private:
  std::vector<BankState> banks_;
  std::vector<int> open_banks_;  // by rank
};

}  // namespace heat::dram
