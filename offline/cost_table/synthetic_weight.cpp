// A matrix with a decaying spectrum, for tables that are made before there are weights.
#include <cmath>
#include <random>

#include "base/memory.h"
#include "base/random.h"
#include "offline/cost_table/build.h"
#include "offline/decompose/dense_kernels.h"

namespace heat::offline {

WeightMatrix synthetic_weight(std::int64_t rows, std::int64_t cols, std::uint64_t seed) {
  constexpr std::int64_t kTerms = 192;
  const auto sides = static_cast<double>(rows) + static_cast<double>(cols);
  base::require_memory(
      static_cast<double>(sizeof(double)) * (static_cast<double>(rows) * static_cast<double>(cols) + kTerms * sides),
      "weight matrix " + std::to_string(rows) + " x " + std::to_string(cols));
  std::mt19937_64 random(seed * 1000003 + static_cast<std::uint64_t>(rows) * 4099 + static_cast<std::uint64_t>(cols));
  // Sum of four uniforms: close to Gaussian, and the same on every platform.
  const auto normal = [&] {
    double sum = 0;
    for (int i = 0; i < 4; ++i) sum += base::centred(random());
    return sum * std::sqrt(3.0);
  };
  const auto values = [&](std::int64_t n, double scale) {
    std::vector<double> v(static_cast<std::size_t>(n));
    for (double& x : v) x = scale * normal();
    return v;
  };
  std::vector<double> u = values(rows * kTerms, 1 / std::sqrt(static_cast<double>(rows)));
  const std::vector<double> v = values(cols * kTerms, 1 / std::sqrt(static_cast<double>(cols)));
  for (std::size_t i = 0; i < u.size(); ++i) u[i] *= std::pow(static_cast<double>(i % kTerms + 1), -0.6);
  WeightMatrix m{rows, cols, std::vector<double>(static_cast<std::size_t>(rows * cols)), "synthetic"};
  multiply(row_major(u.data(), rows, kTerms), transposed(row_major(v.data(), cols, kTerms)), m.values.data(), 0);
  double energy = 0;
  for (double x : m.values) energy += x * x;
  const double noise = std::sqrt(0.06 / 0.94 * energy / static_cast<double>(rows * cols));
  for (double& x : m.values) x += noise * normal();
  return m;
}

}  // namespace heat::offline
