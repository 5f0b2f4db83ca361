#include "offline/decompose/dense_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "offline/decompose/block_lanczos.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/symmetric_eigen.h"

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

// Gram matrices of known singular values, of full and of low rank.
std::vector<double> gram_of_values(std::int64_t n, const std::vector<double>& values) {
  const auto size = static_cast<std::size_t>(n);
  std::vector<double> q = random_values(size * size, 3), a(size * size, 0.0);
  const std::vector<double> u = leading_left_vectors(row_major(q.data(), n, n), n, 1);
  for (std::size_t k = 0; k < values.size(); ++k)
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j) a[i * size + j] += values[k] * u[i * size + k] * u[j * size + k];
  return a;
}

TEST(LeadingEigen, AnySizeThenValuesVectorsAndOrder) {
  for (const std::int64_t n : {1, 2, 31, 33, 150}) {
    std::vector<double> values;
    for (std::int64_t k = 0; k < std::max<std::int64_t>(1, n / 2); ++k)
      values.push_back(1.0 / (1 + static_cast<double>(k)));
    const std::vector<double> a = gram_of_values(n, values);
    const Eigen::Map<const Eigen::MatrixXd> matrix(a.data(), n, n);
    for (const int threads : {1, 3}) {
      const LeadingEigen e = leading_eigen(matrix, n, threads);
      const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> v(e.vectors.data(), n, n);
      EXPECT_LT((v.transpose() * v - Eigen::MatrixXd::Identity(n, n)).norm(), 1e-12) << n;
      for (std::int64_t r = 0; r < n; ++r) {
        const auto k = static_cast<std::size_t>(r);
        EXPECT_NEAR(e.values[k], k < values.size() ? values[k] : 0.0, 1e-13);
        EXPECT_LT((matrix * v.col(r) - e.values[k] * v.col(r)).norm(), 1e-13);
      }
    }
  }
}

TEST(BlockLanczos, FewVectorsThenWhatTheFullDecompositionKeeps) {
  const std::int64_t n = 300, rank = 20;
  std::vector<double> values;
  for (int k = 0; k < n; ++k) values.push_back(std::pow(k + 1.0, -1.2));
  const std::vector<double> a = gram_of_values(n, values);
  const auto found = block_lanczos(a, n, rank, 1);
  ASSERT_TRUE(found.has_value());
  const Eigen::Map<const Eigen::Matrix<double, -1, -1, Eigen::RowMajor>> v(found->data(), n, rank);
  EXPECT_LT((v.transpose() * v - Eigen::MatrixXd::Identity(rank, rank)).norm(), 1e-12);
  const double kept = (v.transpose() * Eigen::Map<const Eigen::MatrixXd>(a.data(), n, n) * v).trace();
  double best = 0;
  for (std::size_t k = 0; k < rank; ++k) best += values[k];
  EXPECT_NEAR(kept, best, 1e-9 * best);
  EXPECT_FALSE(block_lanczos(a, n, 250, 1).has_value());
  values.resize(5);  // nothing beyond the fifth
  EXPECT_FALSE(block_lanczos(gram_of_values(n, values), n, rank, 1).has_value());
}

}  // namespace
}  // namespace heat::offline
