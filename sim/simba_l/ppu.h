// The post-processing unit: requantise a sum and look up the activation (spec/arithmetic.h). Plain functions.
#pragma once

#include <algorithm>
#include <cstdint>

#include "spec/arithmetic.h"

namespace heat::simba {

// A sum without record: clamped to int8.
inline std::int8_t saturate(std::int64_t value) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, -128, 127));
}

// clamp(round(sum * multiplier / 2^shift + bias / 2^5)) to int8. Rounds half up by adding half before the arithmetic
// shift, as spec/arithmetic.h says.
inline std::int8_t requantise(std::int32_t sum, const spec::RequantRecord& record) {
  const int shift = spec::requant_shift(record);
  const std::int64_t bias = record.bias * (std::int64_t{1} << (shift - spec::kRequantBiasBits));
  const std::int64_t v = sum * spec::requant_multiplier(record) + bias;
  return saturate((v + (std::int64_t{1} << (shift - 1))) >> shift);
}

}  // namespace heat::simba
