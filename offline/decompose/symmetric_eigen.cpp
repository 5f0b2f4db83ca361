// Householder's tridiagonal form (Eigen's), then QL with implicit shifts (Dubrulle, Martin, Wilkinson 1968). Its rotations
// are noted first and applied afterwards to the unit matrix, panel by panel of columns that stay in the cache: they are
// nearly all of the work, which Eigen's solver does one rotation at a time in the baseline's vectors. The processor decides
// at run time how wide the vectors are.
#include "offline/decompose/symmetric_eigen.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/errors.h"
#include "offline/decompose/dense_kernels.h"
#include "offline/decompose/wide.h"

namespace heat::offline {
namespace {

// Of rows i and i + 1.
struct Rotation {
  std::int64_t i;
  double c, s;
};

constexpr int kMostSteps = 60;       // of QL for one eigenvalue
constexpr std::int64_t kPanel = 32;  // columns

constexpr std::int64_t kVectors = kPanel / 8;

// rows [n, kPanel], transformed by one rotation after the other.
[[gnu::always_inline]] inline void rotate_rows(const std::vector<Rotation>& rotations, double* rows) {
  Wide upper[kVectors] = {};
  std::int64_t held = -1;  // the row that `upper` stands for
  for (const Rotation& r : rotations) {
    if (held != r.i + 1) {
      for (std::int64_t v = 0; v < kVectors; ++v) {
        if (held >= 0) store(rows + held * kPanel + v * 8, upper[v]);
        load(rows + (r.i + 1) * kPanel + v * 8, upper[v]);
      }
    }
    for (std::int64_t v = 0; v < kVectors; ++v) {
      Wide lower;
      load(rows + r.i * kPanel + v * 8, lower);
      store(rows + (r.i + 1) * kPanel + v * 8, r.s * lower + r.c * upper[v]);
      upper[v] = r.c * lower - r.s * upper[v];
    }
    held = r.i;
  }
  for (std::int64_t v = 0; held >= 0 && v < kVectors; ++v) store(rows + held * kPanel + v * 8, upper[v]);
}

using Rotate = void (*)(const std::vector<Rotation>& rotations, double* rows);

void rotate_baseline(const std::vector<Rotation>& rotations, double* rows) {
  rotate_rows(rotations, rows);
}
#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void rotate_avx2(const std::vector<Rotation>& rotations, double* rows) {
  rotate_rows(rotations, rows);
}
[[gnu::target("avx512f")]] void rotate_avx512(const std::vector<Rotation>& rotations, double* rows) {
  rotate_rows(rotations, rows);
}
#endif

Rotate rotate() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return rotate_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return rotate_avx2;
#endif
  return rotate_baseline;
}

// One QL step with the shift of the upper corner on the unreduced block [l, m] of diagonal d and subdiagonal e.
void ql_step(std::vector<double>& d, std::vector<double>& e, std::size_t l, std::size_t m,
             std::vector<Rotation>& rotations) {
  double g = (d[l + 1] - d[l]) / (2 * e[l]);
  g = d[m] - d[l] + e[l] / (g + std::copysign(std::sqrt(g * g + 1), g));
  double s = 1, c = 1, p = 0;
  for (std::size_t i = m; i-- > l;) {
    const double f = s * e[i], b = c * e[i], r = std::sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r == 0) {  // the block falls apart
      d[i + 1] -= p;
      e[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1] - p;
    const double turned = (d[i] - g) * s + 2 * c * b;
    p = s * turned;
    d[i + 1] = g + p;
    g = c * turned - b;
    rotations.push_back({static_cast<std::int64_t>(i), c, s});
  }
  d[l] -= p;
  e[l] = g;
  e[m] = 0;
}

// Leaves the eigenvalues in d, unordered. e has the subdiagonal, and one place more. What is below the rounding of the
// largest entries counts as zero.
std::vector<Rotation> diagonalise(std::vector<double>& d, std::vector<double>& e) {
  std::vector<Rotation> rotations;
  const std::size_t n = d.size();
  double zero = 0;
  for (std::size_t i = 0; i < n; ++i)
    zero = std::max(zero, std::numeric_limits<double>::epsilon() / 2 * (std::fabs(d[i]) + std::fabs(e[i])));
  for (std::size_t l = 0; l < n; ++l)
    for (int step = 0;; ++step) {
      std::size_t m = l;
      while (m + 1 < n && std::fabs(e[m]) > zero) ++m;
      if (m == l) break;
      HEAT_CHECK(step < kMostSteps, "symmetric eigenvalues did not converge");
      ql_step(d, e, l, m, rotations);
    }
  return rotations;
}

}  // namespace

LeadingEigen leading_eigen(const Eigen::MatrixXd& a, std::int64_t rank, int threads) {
  const std::int64_t n = a.rows();
  if (n == 1) return {{a(0, 0)}, {1.0}};
  const Eigen::Tridiagonalization<Eigen::MatrixXd> form(a);
  std::vector<double> d(static_cast<std::size_t>(n)), e(d.size(), 0.0);
  Eigen::Map<Eigen::VectorXd>(d.data(), n) = form.diagonal();
  Eigen::Map<Eigen::VectorXd>(e.data(), n - 1) = form.subDiagonal();
  const std::vector<Rotation> rotations = diagonalise(d, e);
  std::vector<std::int64_t> order(d.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) {
    return d[static_cast<std::size_t>(i)] > d[static_cast<std::size_t>(j)];
  });
  Eigen::MatrixXd vectors(n, rank);
  parallel_ranges((n + kPanel - 1) / kPanel, 4, threads, [&](std::int64_t begin, std::int64_t end) {
    std::vector<double> rows(static_cast<std::size_t>(n * kPanel));
    for (std::int64_t panel = begin; panel < end; ++panel) {
      const std::int64_t first = panel * kPanel, width = std::min(kPanel, n - first);
      std::fill(rows.begin(), rows.end(), 0.0);
      for (std::int64_t j = 0; j < width; ++j) rows[static_cast<std::size_t>((first + j) * kPanel + j)] = 1;
      rotate()(rotations, rows.data());
      for (std::int64_t r = 0; r < rank; ++r)
        for (std::int64_t j = 0; j < width; ++j)
          vectors(first + j, r) = rows[static_cast<std::size_t>(order[static_cast<std::size_t>(r)] * kPanel + j)];
    }
  });
  vectors.applyOnTheLeft(form.matrixQ());
  LeadingEigen out;
  for (std::int64_t r = 0; r < rank; ++r)
    out.values.push_back(d[static_cast<std::size_t>(order[static_cast<std::size_t>(r)])]);
  out.vectors.resize(static_cast<std::size_t>(n * rank));
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(out.vectors.data(), n, rank) =
      vectors;
  return out;
}

}  // namespace heat::offline
