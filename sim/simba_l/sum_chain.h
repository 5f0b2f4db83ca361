// The PEs that have parts of the sums of one output tile, when k is split over PEs: the sums go from the last to the first
// over the NoC, and each adds its own. Plain, no kernel.
#pragma once

#include "machines/simba/pe_timing.h"
#include "sim/simba_l/chiplet_core.h"

namespace heat::simba {

struct SumChain {
  spec::PeId first;      // whose PPU gets the sums; the others have the numbers behind it
  std::int64_t pes = 1;  // 1: the sums are whole
  std::size_t half = 0;  // of the accumulation buffers
  std::int64_t sums = 0;
  spec::PeId pe(std::int64_t i) const { return spec::PeId(first.value + static_cast<std::int32_t>(i)); }
  spec::PeId last() const { return pe(pes - 1); }
};

struct PassedSums {
  std::int64_t first_there = 0;  // cycle in which the first PE gets the first ones
  std::int64_t cycles = 0;       // that they take to come in and be added
};

// Passes the sums on, not before cycle `earliest`, for `node`.
PassedSums pass_sums(const SumChain& chain, std::int64_t earliest, int node, ChipletCore& core, RunContext& context);
// With data: the first PE has them all.
void add_up(const SumChain& chain, ChipletCore& core);

}  // namespace heat::simba
