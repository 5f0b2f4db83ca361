// Rounding half up by adding half before the arithmetic shift, as spec/arithmetic.h says.
#include "sim/simba_l/ppu.h"

#include <algorithm>

namespace heat::simba {

std::int8_t saturate(std::int64_t value) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(value, -128, 127));
}

std::int8_t requantise(std::int32_t sum, const spec::RequantRecord& record) {
  const std::int64_t v = (static_cast<std::int64_t>(sum) + record.bias) * record.multiplier;
  return saturate((v + (std::int64_t{1} << (record.shift - 1))) >> record.shift);
}

}  // namespace heat::simba
