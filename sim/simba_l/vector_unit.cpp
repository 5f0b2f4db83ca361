// Integer softmax by table and integer layer norm by Newton's square root, exactly the formulas of spec/arithmetic.h.
#include "sim/simba_l/vector_unit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "sim/simba_l/ppu.h"

namespace heat::simba {
namespace {

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  const std::int64_t q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t floor_sqrt(std::int64_t v) {
  auto r = static_cast<std::int64_t>(std::sqrt(static_cast<double>(v)));
  while (r * r > v) --r;
  while ((r + 1) * (r + 1) <= v) ++r;
  return r;
}

}  // namespace

void softmax_row(const std::int8_t* row, std::int64_t columns, const std::uint16_t* exp_table, const std::uint8_t* mask,
                 std::int8_t* out) {
  const auto counts = [&](std::int64_t i) { return mask == nullptr || mask[i] != 0; };
  int largest = std::numeric_limits<std::int8_t>::min();
  for (std::int64_t i = 0; i < columns; ++i)
    if (counts(i)) largest = std::max<int>(largest, row[i]);
  std::uint32_t sum = 0;
  for (std::int64_t i = 0; i < columns; ++i)
    if (counts(i)) sum += exp_table[largest - row[i]];
  for (std::int64_t i = 0; i < columns; ++i) {
    const std::uint64_t e = counts(i) ? exp_table[largest - row[i]] : 0;
    out[i] = static_cast<std::int8_t>((e * 254 + sum) / (2 * static_cast<std::uint64_t>(sum)));
  }
}

void layer_norm_row(const std::int8_t* row, const std::int8_t* residual, std::int64_t columns,
                    const LayerNormFactors& factors, const spec::LayerNormRecord* records, std::int8_t* out) {
  std::vector<std::int32_t> y(static_cast<std::size_t>(columns));
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < columns; ++i) {
    const std::int32_t r = residual ? residual[i] * factors.multiplier_r : 0;
    y[static_cast<std::size_t>(i)] = row[i] * factors.multiplier_x + r;
    sum += y[static_cast<std::size_t>(i)];
  }
  const std::int64_t mean = floor_divide(sum, columns);
  std::int64_t squares = 0;
  for (std::int32_t v : y) squares += (v - mean) * (v - mean);
  const std::int64_t deviation = std::max<std::int64_t>(1, floor_sqrt(squares / columns));
  for (std::int64_t i = 0; i < columns; ++i) {
    const spec::LayerNormRecord& record = records[i];
    const std::int64_t beta = static_cast<std::int64_t>(static_cast<std::uint64_t>(record.beta_high) << 32) |
                              static_cast<std::int64_t>(static_cast<std::uint32_t>(record.beta_low));
    const std::int64_t t = (y[static_cast<std::size_t>(i)] - mean) * 65536 / deviation;
    const std::int64_t scaled = (t * record.gamma + beta + (std::int64_t{1} << (factors.shift - 1))) >> factors.shift;
    out[i] = static_cast<std::int8_t>(std::clamp<std::int64_t>(scaled, -128, 127));
  }
}

bool reduce_row(const std::int8_t* in, std::int64_t parts, std::int64_t columns, const spec::RequantRecord* records,
                std::int8_t* out) {
  for (std::int64_t c = 0; c < columns; ++c) {
    std::int64_t sum = 0;
    for (std::int64_t p = 0; p < parts; ++p) {
      std::int32_t part = 0;
      std::memcpy(&part, in + (p * columns + c) * spec::kSumBytes, sizeof part);
      sum += part;
    }
    if (sum != static_cast<std::int32_t>(sum)) return false;
    out[c] = requantise(static_cast<std::int32_t>(sum), records[c]);
  }
  return true;
}

}  // namespace heat::simba
