// Little-endian bytes put together one by one, independent of the host and of the structs of spec/arithmetic.h.
#include "tests/support/parameter_data.h"

#include <algorithm>
#include <cmath>

namespace heat::test_support {
namespace {

void append(std::vector<std::int8_t>& bytes, std::uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes.push_back(static_cast<std::int8_t>((value >> (8 * i)) & 255));
}

}  // namespace

std::vector<std::int8_t> requant_records(const std::vector<std::int32_t>& sums, std::int64_t channels, Random& random) {
  double squares = 1;
  for (std::int32_t s : sums) squares += static_cast<double>(s) * s;
  const double deviation = std::sqrt(squares / static_cast<double>(sums.size()));
  std::vector<std::int8_t> bytes;
  for (std::int64_t c = 0; c < channels; ++c) {
    const double gain = static_cast<double>(random.between(35, 60)) / deviation;
    int shift = 5;  // the multiplier is 1024 to 2047, its leading bit left out
    while (shift < 47 && std::ldexp(gain, shift) < 1024) ++shift;
    const auto mantissa = static_cast<std::uint64_t>(std::clamp(std::ldexp(gain, shift) - 1024, 0.0, 1023.0));
    append(bytes, static_cast<std::uint64_t>(random.between(-20 * 32, 20 * 32)), 2);  // in 32nds of a step
    append(bytes, static_cast<std::uint64_t>(shift) << 10 | mantissa, 2);
  }
  return bytes;
}

std::vector<std::int8_t> gelu_table() {
  std::vector<std::int8_t> table;
  for (int q = -128; q < 128; ++q) {
    const double x = q / 32.0;
    table.push_back(static_cast<std::int8_t>(std::lround(x * 0.5 * (1 + std::erf(x / std::sqrt(2.0))) * 31.0)));
  }
  return table;
}

std::vector<std::int8_t> exp_table() {
  std::vector<std::int8_t> bytes;
  for (int i = 0; i < 256; ++i) append(bytes, static_cast<std::uint64_t>(std::lround(65535 * std::exp(-0.03 * i))), 2);
  return bytes;
}

std::vector<std::int8_t> padding_mask(std::int64_t columns, Random& random) {
  std::vector<std::int8_t> mask;
  for (std::int64_t c = 0; c < columns; ++c) mask.push_back(random.chance(60) ? 1 : 0);
  mask[static_cast<std::size_t>(random.between(0, columns - 1))] = 1;
  return mask;
}

std::vector<std::int8_t> layer_norm_records(std::int64_t columns, int shift, Random& random) {
  std::vector<std::int8_t> bytes;
  const std::int64_t unit = std::int64_t{1} << (shift - 16);  // gamma 1.0: one deviation is 1
  for (std::int64_t c = 0; c < columns; ++c) {
    append(bytes, static_cast<std::uint64_t>(random.between(-20, 60) * unit), 4);
    append(bytes, static_cast<std::uint64_t>(random.between(-30, 30) * (std::int64_t{1} << shift)), 8);
    append(bytes, 0, 4);
  }
  return bytes;
}

}  // namespace heat::test_support
