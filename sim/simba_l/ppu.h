// The post-processing unit: requantise a sum and look up the activation (spec/arithmetic.h). Plain functions.
#pragma once

#include <cstdint>

#include "spec/arithmetic.h"

namespace heat::simba {

// clamp(round(sum * multiplier / 2^shift + bias / 2^5)) to int8.
std::int8_t requantise(std::int32_t sum, const spec::RequantRecord& record);

// A sum without record: clamped to int8.
std::int8_t saturate(std::int64_t value);

}  // namespace heat::simba
