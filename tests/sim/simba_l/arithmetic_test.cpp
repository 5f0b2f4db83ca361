// The datapath's plain functions against the independent reference, odd sizes included.
#include <gtest/gtest.h>

#include <cstring>

#include "sim/simba_l/mac_array.h"
#include "sim/simba_l/ppu.h"
#include "sim/simba_l/vector_unit.h"
#include "tests/support/integer_reference.h"
#include "tests/support/parameter_data.h"
#include "tests/support/random.h"

namespace heat::simba {
namespace {

using test_support::Random;

TEST(MacArray, OddSizesThenSumsEqualPlainLoops) {
  Random random(3);
  for (int round = 0; round < 60; ++round) {
    const PeTile t{random.between(1, 3), random.between(1, 9), random.between(1, 9), random.between(1, 70)};
    std::vector<std::int16_t> w(static_cast<std::size_t>(t.b * t.m * t.k)),
        x(static_cast<std::size_t>(t.b * t.n * t.k));
    for (auto& v : w) v = static_cast<std::int16_t>(random.between(-128, 127));
    for (auto& v : x) v = static_cast<std::int16_t>(random.between(-128, 127));
    std::vector<std::int32_t> sums(static_cast<std::size_t>(t.b * t.m * t.n), 12345);
    multiply_accumulate(w.data(), x.data(), sums.data(), t, true);
    multiply_accumulate(w.data(), x.data(), sums.data(), t, false);
    for (std::int64_t b = 0; b < t.b; ++b)
      for (std::int64_t m = 0; m < t.m; ++m)
        for (std::int64_t n = 0; n < t.n; ++n) {
          std::int32_t expected = 0;
          for (std::int64_t k = 0; k < t.k; ++k)
            expected += w[static_cast<std::size_t>((b * t.m + m) * t.k + k)] *
                        x[static_cast<std::size_t>((b * t.n + n) * t.k + k)];
          ASSERT_EQ(sums[static_cast<std::size_t>((b * t.m + m) * t.n + n)], 2 * expected);
        }
  }
}

TEST(Ppu, RandomRecordsThenEqualsReference) {
  Random random(4);
  for (int round = 0; round < 20000; ++round) {
    const spec::RequantRecord r{static_cast<std::int16_t>(random.between(-32768, 32767)),
                                static_cast<std::uint16_t>(random.between(5, 47) << 10 | random.between(0, 1023))};
    const auto sum = static_cast<std::int32_t>(random.between(INT32_MIN, INT32_MAX) >> random.between(0, 30));
    ASSERT_EQ(requantise(sum, r), test_support::requantise(sum, r));
  }
}

TEST(VectorUnit, RandomRowsThenSoftmaxAndLayerNormEqualReference) {
  Random random(5);
  const std::vector<std::int8_t> table_bytes = test_support::exp_table();
  std::vector<std::uint16_t> table(256);
  std::memcpy(table.data(), table_bytes.data(), 512);
  for (std::int64_t columns : {1, 2, 7, 15, 17, 33, 255, 384}) {
    std::vector<std::int8_t> row(static_cast<std::size_t>(columns)), residual(row.size()), out(row.size());
    for (auto& v : row) v = static_cast<std::int8_t>(random.between(-128, 127));
    for (auto& v : residual) v = static_cast<std::int8_t>(random.between(-128, 127));
    softmax_row(row.data(), columns, table.data(), nullptr, out.data());
    EXPECT_EQ(out, test_support::softmax_row(row, table));
    const std::vector<std::int8_t> without = out;
    std::vector<std::uint8_t> mask(row.size(), 1);
    softmax_row(row.data(), columns, table.data(), mask.data(), out.data());
    EXPECT_EQ(out, without) << "all columns count";
    for (auto& m : mask) m = static_cast<std::uint8_t>(random.between(0, 1));
    mask[static_cast<std::size_t>(random.between(0, columns - 1))] = 1;
    softmax_row(row.data(), columns, table.data(), mask.data(), out.data());
    EXPECT_EQ(out, test_support::softmax_row(row, table, {mask.begin(), mask.end()}));
    std::fill(mask.begin(), mask.end(), std::uint8_t{0});
    mask.back() = 1;
    softmax_row(row.data(), columns, table.data(), mask.data(), out.data());
    EXPECT_EQ(out.back(), 127) << "one column counts alone";
    const auto bytes = test_support::layer_norm_records(columns, 20, random);
    std::vector<spec::LayerNormRecord> records(static_cast<std::size_t>(columns));
    std::memcpy(records.data(), bytes.data(), bytes.size());
    std::vector<std::int32_t> gamma;
    std::vector<std::int64_t> beta;
    for (const auto& r : records) {
      gamma.push_back(r.gamma);
      beta.push_back(r.beta_high * (std::int64_t{1} << 32) + static_cast<std::uint32_t>(r.beta_low));
    }
    for (bool with : {true, false}) {
      layer_norm_row(row.data(), with ? residual.data() : nullptr, columns, {300, 450, 20}, records.data(), out.data());
      EXPECT_EQ(out, test_support::layer_norm_row(row, with ? residual : std::vector<std::int8_t>(), 300, 450, gamma,
                                                  beta, 20));
    }
  }
}

}  // namespace
}  // namespace heat::simba
