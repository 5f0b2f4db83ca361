// Ports and banks by enumeration, beside which the closed forms are held.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <vector>

#include "base/checked.h"
#include "spec/arch_spec.h"

namespace heat::machines::simba {

// Cycles of a port for such words: a word a bank and cycle, so many bytes in all.
inline double naive_cycles(const std::vector<std::int64_t>& banks, const spec::GlobalBufferSpec& gb, double port) {
  std::map<std::int64_t, std::int64_t> words;
  for (std::int64_t b : banks) ++words[b];
  double cycles = std::ceil(static_cast<double>(static_cast<std::int64_t>(banks.size()) * gb.word_bytes) / port);
  for (const auto& [bank, count] : words) cycles = std::max(cycles, static_cast<double>(count));
  return cycles;
}

// A PE's tile, block by block of weights; sums are of 32 bits.
inline std::int64_t naive_tile_cycles(const spec::PeSpec& pe, std::int64_t b, std::int64_t m, std::int64_t n,
                                      std::int64_t k, bool first) {
  const auto ports = [](std::int64_t bytes, double port) {
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / port));
  };
  std::int64_t blocks = 0, inputs = 0, sums = 0;
  for (std::int64_t ib = 0; ib < b; ++ib)
    for (std::int64_t im = 0; im < m; im += pe.lanes)
      for (std::int64_t ik = 0; ik < k; ik += pe.width) {
        const std::int64_t rows = std::min<std::int64_t>(pe.lanes, m - im),
                           columns = std::min<std::int64_t>(pe.width, k - ik);
        const std::int64_t read = ports(rows * columns, pe.weight_buffer.read_bytes_per_cycle);
        blocks += pe.weight_registers == 1 ? n + read : std::max(n, read);
        inputs += n * columns;
        sums += n * rows;
      }
  return std::max({blocks, ports(inputs, pe.input_buffer.read_bytes_per_cycle),
                   ports(4 * sums, pe.accumulation_buffer.write_bytes_per_cycle),
                   ports(4 * (sums - (first ? b * m * n : 0)), pe.accumulation_buffer.read_bytes_per_cycle)});
}

}  // namespace heat::machines::simba
