// How long bytes take through something of a fixed bandwidth.
#pragma once

#include <cmath>
#include <cstdint>

namespace heat::machines::simba {

// Cycles of moving `bytes` at so many a cycle.
inline std::int64_t transfer_cycles(std::int64_t bytes, double bytes_per_cycle) {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / bytes_per_cycle));
}

}  // namespace heat::machines::simba
