// How large a PE's tile may be: its buffers are double-buffered, so that one half is filled or drained while the other is
// computed on. The mapper plans by these limits and the simulator holds every command to them.
#pragma once

#include <cstdint>

#include "spec/arch_spec.h"

namespace heat::machines::simba {

// Half of a buffer, in bytes.
inline std::int64_t half_of(const spec::BufferSpec& buffer) {
  return buffer.capacity.value() / 2;
}

struct PeTileLimits {
  std::int64_t weight_bytes, input_bytes;
  std::int64_t sums;  // entries of half the accumulation buffer
  explicit PeTileLimits(const spec::PeSpec& pe)
      : weight_bytes(half_of(pe.weight_buffer)),
        input_bytes(half_of(pe.input_buffer)),
        sums(pe.accumulation_buffer.capacity.value() * 8 / pe.accumulator_bits / 2) {}
};

}  // namespace heat::machines::simba
