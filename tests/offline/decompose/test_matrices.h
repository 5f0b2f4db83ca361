// The test matrices of the reference figures, by their closed formula: a sum of 192 orthonormal rank-one terms of
// DCT-II and DST-II vectors with singular values (k+1)^-0.6, plus LCG noise of 6 % of the energy.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

namespace heat::offline::testing {

inline std::vector<double> formula_matrix(std::int64_t m, std::int64_t n, std::uint64_t seed) {
  constexpr int kTerms = 192;
  const double pi = std::acos(-1.0);
  std::vector<double> w(static_cast<std::size_t>(m * n), 0.0), v(static_cast<std::size_t>(n));
  for (std::int64_t k = 0; k < kTerms; ++k) {
    const std::int64_t p = 1 + (101 * k) % (m - 1), q = 1 + (211 * k) % (n - 1);
    const double s = std::pow(static_cast<double>(k + 1), -0.6);
    for (std::int64_t j = 0; j < n; ++j)
      v[static_cast<std::size_t>(j)] =
          std::sqrt(2.0 / static_cast<double>(n)) *
          std::sin(pi * static_cast<double>(((2 * j + 1) * q) % (4 * n)) / static_cast<double>(2 * n));
    for (std::int64_t i = 0; i < m; ++i) {
      const double u = std::sqrt(2.0 / static_cast<double>(m)) *
                       std::cos(pi * static_cast<double>(((2 * i + 1) * p) % (4 * m)) / static_cast<double>(2 * m));
      double* row = w.data() + i * n;
      for (std::int64_t j = 0; j < n; ++j) row[j] += s * u * v[static_cast<std::size_t>(j)];
    }
  }
  const double g = 0.5 * std::sqrt(12.0 / static_cast<double>(m * n));
  std::uint64_t x = seed;
  for (double& value : w) {
    x = x * 6364136223846793005ULL + 1442695040888963407ULL;
    value += g * (static_cast<double>(x >> 11) * 0x1p-53 - 0.5);
  }
  return w;
}

inline std::vector<double> matrix_a() {
  return formula_matrix(768, 768, 1);
}
inline std::vector<double> matrix_b() {
  return formula_matrix(768, 3072, 2);
}
inline std::vector<double> matrix_c() {
  return formula_matrix(384, 1536, 3);
}

}  // namespace heat::offline::testing
