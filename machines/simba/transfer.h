// How long bytes take through something of a fixed bandwidth.
#pragma once

#include <cstdint>

namespace heat::machines::simba {

// Cycles of moving `bytes` at so many a cycle, rounded up. By hand: std::ceil is a call where SSE4.1 is not assumed.
inline std::int64_t transfer_cycles(std::int64_t bytes, double bytes_per_cycle) {
  const double cycles = static_cast<double>(bytes) / bytes_per_cycle;
  const auto whole = static_cast<std::int64_t>(cycles);
  return whole + (static_cast<double>(whole) < cycles);
}

}  // namespace heat::machines::simba
