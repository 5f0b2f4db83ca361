#include "offline/decompose/dense_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "offline/decompose/spectral.h"

namespace heat::offline {
namespace {

std::vector<double> random_values(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> v(n);
  for (double& x : v) x = static_cast<double>(random() >> 11) * 0x1p-53 - 0.5;
  return v;
}

TEST(Multiply, OddSizesAndStridesThenEqualsTripleLoop) {
  const std::int64_t sizes[][3] = {{1, 1, 1}, {7, 5, 3}, {97, 25, 257}, {8, 24, 256}, {101, 49, 300}, {3, 200, 513}};
  for (const auto& [m, n, k] : sizes)
    for (const bool flip : {false, true}) {
      const auto a = random_values(static_cast<std::size_t>(m * k), 1),
                 b = random_values(static_cast<std::size_t>(k * n), 2);
      const MatrixView va = flip ? transposed(row_major(a.data(), k, m)) : row_major(a.data(), m, k);
      const MatrixView vb = flip ? transposed(row_major(b.data(), n, k)) : row_major(b.data(), k, n);
      std::vector<double> c(static_cast<std::size_t>(m * n), 1e300);
      multiply(va, vb, c.data(), 2);
      for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < n; ++j) {
          double sum = 0;
          for (std::int64_t q = 0; q < k; ++q)
            sum += va.data[i * va.row_stride + q * va.col_stride] * vb.data[q * vb.row_stride + j * vb.col_stride];
          ASSERT_NEAR(c[static_cast<std::size_t>(i * n + j)], sum, 1e-15 * static_cast<double>(k) + 1e-16)
              << m << n << k;
        }
    }
}

TEST(Multiply, ThreadsThenSameBytes) {
  const auto a = random_values(400 * 500, 3), b = random_values(500 * 300, 4);
  std::vector<double> one(400 * 300), four(400 * 300);
  multiply(row_major(a.data(), 400, 500), row_major(b.data(), 500, 300), one.data(), 1);
  multiply(row_major(a.data(), 400, 500), row_major(b.data(), 500, 300), four.data(), 4);
  EXPECT_EQ(one, four);
}

TEST(LeadingTriplets, BothOrientationsThenOrthonormalAndBestRank) {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{13, 29}, {29, 13}, {17, 17}}) {
    const auto a = random_values(static_cast<std::size_t>(rows * cols), 5);
    const std::int64_t rank = std::min(rows, cols);
    const LeadingTriplets t = leading_triplets(row_major(a.data(), rows, cols), rank, 1);
    double rebuilt_error = 0, gram_error = 0;
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < cols; ++j) {
        double sum = 0;
        for (std::int64_t r = 0; r < rank; ++r)
          sum += t.left[static_cast<std::size_t>(i * rank + r)] * t.values[static_cast<std::size_t>(r)] *
                 t.right[static_cast<std::size_t>(r * cols + j)];
        rebuilt_error = std::max(rebuilt_error, std::fabs(sum - a[static_cast<std::size_t>(i * cols + j)]));
      }
    for (std::int64_t r = 0; r < rank; ++r)
      for (std::int64_t s = 0; s < rank; ++s) {
        double sum = 0;
        for (std::int64_t i = 0; i < rows; ++i)
          sum += t.left[static_cast<std::size_t>(i * rank + r)] * t.left[static_cast<std::size_t>(i * rank + s)];
        gram_error = std::max(gram_error, std::fabs(sum - (r == s)));
      }
    EXPECT_LT(rebuilt_error, 1e-12);
    EXPECT_LT(gram_error, 1e-9);
    for (std::size_t r = 1; r < t.values.size(); ++r) EXPECT_LE(t.values[r], t.values[r - 1] * (1 + 1e-9));
  }
}

TEST(CompleteBasis, SmallBasisThenOrthonormalColumnsKeepTheFirst) {
  const std::vector<double> basis = {0.6, 0, 0.8, 0};  // one column of 4 rows
  const auto q = complete_basis(basis, 4, 1, 4);
  for (int r = 0; r < 4; ++r)
    for (int s = 0; s < 4; ++s) {
      double sum = 0;
      for (int i = 0; i < 4; ++i)
        sum += q[static_cast<std::size_t>(i * 4 + r)] * q[static_cast<std::size_t>(i * 4 + s)];
      EXPECT_NEAR(sum, r == s ? 1 : 0, 1e-12);
    }
  EXPECT_EQ(q[0], 0.6);
  EXPECT_EQ(q[8], 0.8);
}

}  // namespace
}  // namespace heat::offline
