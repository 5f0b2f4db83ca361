// Rounding half up by adding half before the arithmetic shift, as spec/arithmetic.h says.
#include "sim/simba_l/ppu.h"

#include <algorithm>

namespace heat::simba {

std::int8_t saturate(std::int64_t value) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, -128, 127));
}

std::int8_t requantise(std::int32_t sum, const spec::RequantRecord& record) {
  const int shift = spec::requant_shift(record);
  const std::int64_t bias = record.bias * (std::int64_t{1} << (shift - spec::kRequantBiasBits));
  const std::int64_t v = sum * spec::requant_multiplier(record) + bias;
  return saturate((v + (std::int64_t{1} << (shift - 1))) >> shift);
}

}  // namespace heat::simba
