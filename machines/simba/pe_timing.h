// How long a PE computes a tile and drains it, by its MACs and by the ports of its buffers. The simulator and the
// analytical model time PEs by it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.h"
#include "machines/simba/transfer.h"
#include "spec/arch_spec.h"

namespace heat::machines::simba {

class PeTiming {
 public:
  explicit PeTiming(const spec::PeSpec& pe) : pe_(pe) {}

  // Cycles from the first to the last operand of a tile, without the pipeline's depth. Blocks of lanes x width weights
  // are read one after another and used for n cycles each, with one input vector a cycle; every use adds to the sums of
  // its lanes. `first`: the sums begin with this tile, so that its first products find none to read. The longest of
  // - the uses of all blocks beside (two weight registers) or after (one) their reads,
  // - the inputs on their read port,
  // - the sums on the accumulation buffer's ports.
  std::int64_t compute_cycles(std::int64_t b, std::int64_t m, std::int64_t n, std::int64_t k, bool first) const {
    const std::int64_t sums = b * m * n, entries = sums * base::ceil_div(k, pe_.width);
    const std::int64_t inputs = b * base::ceil_div(m, pe_.lanes) * n * k;
    const spec::BufferSpec& acc = pe_.accumulation_buffer;
    return std::max({b * blocks_cycles(m, n, k), transfer_cycles(inputs, pe_.input_buffer.read_bytes_per_cycle),
                     transfer_cycles(sum_bytes(entries), acc.write_bytes_per_cycle),
                     transfer_cycles(sum_bytes(entries - (first ? sums : 0)), acc.read_bytes_per_cycle)});
  }

  // Cycles in which the PPU takes so many sums out of their half of the accumulation buffer. Halves are banks of their
  // own: the other one may be computed on meanwhile.
  std::int64_t drain_cycles(std::int64_t sums) const {
    return std::max(base::ceil_div(sums, pe_.ppu_elements_per_cycle), read_cycles(sums));
  }

  // Cycles in which so many sums are read to be sent to another PE.
  std::int64_t read_cycles(std::int64_t sums) const {
    return transfer_cycles(sum_bytes(sums), pe_.accumulation_buffer.read_bytes_per_cycle);
  }

  // Cycles in which a PE adds so many sums of another PE to its own, and reads them again to hand them on.
  std::int64_t add_cycles(std::int64_t sums) const {
    return std::max(transfer_cycles(2 * sum_bytes(sums), pe_.accumulation_buffer.read_bytes_per_cycle),
                    transfer_cycles(sum_bytes(sums), pe_.accumulation_buffer.write_bytes_per_cycle));
  }

  // Bytes of so many entries of the accumulation buffer.
  std::int64_t sum_bytes(std::int64_t entries) const { return base::ceil_div(entries * pe_.accumulator_bits, 8); }

  // Cycles in which a tile of weights or inputs goes into its buffer.
  std::int64_t fill_cycles(const spec::BufferSpec& buffer, std::int64_t bytes) const {
    return transfer_cycles(bytes, buffer.write_bytes_per_cycle);
  }

 private:
  std::int64_t block_cycles(std::int64_t rows, std::int64_t columns, std::int64_t uses) const {
    const std::int64_t read = transfer_cycles(rows * columns, pe_.weight_buffer.read_bytes_per_cycle);
    return pe_.weight_registers == 1 ? uses + read : std::max(uses, read);
  }
  // All blocks of m x k weights, used n times each.
  std::int64_t blocks_cycles(std::int64_t m, std::int64_t n, std::int64_t k) const {
    const std::int64_t rows = m / pe_.lanes, last_row = m % pe_.lanes, columns = k / pe_.width,
                       last_column = k % pe_.width;
    std::int64_t cycles = 0;
    if (rows > 0 && columns > 0) cycles += rows * columns * block_cycles(pe_.lanes, pe_.width, n);
    if (rows > 0 && last_column > 0) cycles += rows * block_cycles(pe_.lanes, last_column, n);
    if (last_row > 0 && columns > 0) cycles += columns * block_cycles(last_row, pe_.width, n);
    if (last_row > 0 && last_column > 0) cycles += block_cycles(last_row, last_column, n);
    return cycles;
  }
  const spec::PeSpec& pe_;
};

}  // namespace heat::machines::simba
