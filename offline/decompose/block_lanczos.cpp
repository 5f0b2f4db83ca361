// Block Lanczos (Golub, Underwood 1977) with full reorthogonalisation: the basis grows by a's product with its
// last block, in which it is block tridiagonal; that small matrix is decomposed in full. Blocks are [n, 8] row-major, as
// wide as a vector register, so that each kernel is a loop over rows; the processor decides at run time how wide its own are.
#include "offline/decompose/block_lanczos.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/random.h"
#include "offline/decompose/dense_kernels.h"
#include "offline/decompose/symmetric_eigen.h"
#include "offline/decompose/wide.h"

namespace heat::offline {
namespace {

constexpr std::int64_t kWidth = 8;
constexpr double kMissed = 1e-10;     // of the eigenvalues' sum, by the residuals
constexpr double kExhausted = 1e-12;  // of the largest eigenvalue: a block that brings no more

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Small = Eigen::Matrix<double, kWidth, kWidth, Eigen::RowMajor>;
using Block = std::vector<double>;  // [n, 8]

// y = a x.
[[gnu::always_inline]] inline void apply_rows(const double* a, std::int64_t n, const double* x, double* y) {
  constexpr std::int64_t kRows = 6;
  for (std::int64_t i = 0; i < n; i += kRows) {
    const double* row[kRows];
    for (std::int64_t k = 0; k < kRows; ++k) row[k] = a + std::min(i + k, n - 1) * n;
    Wide sum[kRows] = {};
    for (std::int64_t j = 0; j < n; ++j) {
      Wide v;
      load(x + j * kWidth, v);
      for (std::int64_t k = 0; k < kRows; ++k) sum[k] += row[k][j] * v;
    }
    for (std::int64_t k = 0; k < std::min(kRows, n - i); ++k) store(y + (i + k) * kWidth, sum[k]);
  }
}

// c = q^T x.
[[gnu::always_inline]] inline void inner_rows(const double* q, const double* x, std::int64_t n, double* c) {
  Wide sum[kWidth] = {};
  for (std::int64_t j = 0; j < n; ++j) {
    Wide v;
    load(x + j * kWidth, v);
    for (std::int64_t k = 0; k < kWidth; ++k) sum[k] += q[j * kWidth + k] * v;
  }
  for (std::int64_t k = 0; k < kWidth; ++k) store(c + k * kWidth, sum[k]);
}

// x -= q c.
[[gnu::always_inline]] inline void subtract_rows(const double* q, const double* c, std::int64_t n, double* x) {
  Wide row[kWidth];
  for (std::int64_t k = 0; k < kWidth; ++k) load(c + k * kWidth, row[k]);
  for (std::int64_t j = 0; j < n; ++j) {
    Wide v;
    load(x + j * kWidth, v);
    for (std::int64_t k = 0; k < kWidth; ++k) v -= q[j * kWidth + k] * row[k];
    store(x + j * kWidth, v);
  }
}

struct Kernels {
  void (*apply)(const double* a, std::int64_t n, const double* x, double* y);
  void (*inner)(const double* q, const double* x, std::int64_t n, double* c);
  void (*subtract)(const double* q, const double* c, std::int64_t n, double* x);
};

// clang-format off
#define HEAT_KERNELS(name, attribute)                                                                              \
  attribute void apply_##name(const double* a, std::int64_t n, const double* x, double* y) { apply_rows(a, n, x, y); } \
  attribute void inner_##name(const double* q, const double* x, std::int64_t n, double* c) { inner_rows(q, x, n, c); } \
  attribute void subtract_##name(const double* q, const double* c, std::int64_t n, double* x) {                    \
    subtract_rows(q, c, n, x);                                                                                     \
  }                                                                                                                \
  constexpr Kernels k_##name{apply_##name, inner_##name, subtract_##name};

HEAT_KERNELS(baseline, )
#if defined(__x86_64__)
HEAT_KERNELS(avx2, [[gnu::target("avx2,fma")]])
HEAT_KERNELS(avx512, [[gnu::target("avx512f")]])
#endif
#undef HEAT_KERNELS
// clang-format on

const Kernels& kernels() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return k_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return k_avx2;
#endif
  return k_baseline;
}

Small inner(const Block& q, const Block& x, std::int64_t n) {
  Small c;
  kernels().inner(q.data(), x.data(), n, c.data());
  return c;
}

class Lanczos {
 public:
  Lanczos(const std::vector<double>& a, std::int64_t n) : a_(a), n_(n) {
    std::mt19937_64 random(1);
    Block first(static_cast<std::size_t>(n * kWidth));
    for (double& v : first) v = base::centred(random());
    Small triangle;
    next_ = product(first);
    for (std::int64_t i = 0; i < n; ++i) scale_ = std::max(scale_, a[static_cast<std::size_t>(i * n + i)]);
    orthonormalise(next_, triangle);
  }

  std::int64_t size() const { return static_cast<std::int64_t>(basis_.size()) * kWidth; }

  // Adds blocks up to `size` vectors; false where the matrix has no more.
  bool grow(std::int64_t size) {
    while (this->size() < size) {
      if (exhausted_) return false;
      basis_.push_back(next_);
      next_ = product(basis_.back());
      diagonal_.push_back(inner(basis_.back(), next_, n_));
      for (const Block& q : basis_) kernels().subtract(q.data(), inner(q, next_, n_).data(), n_, next_.data());
      Small triangle;
      exhausted_ = !orthonormalise(next_, triangle);
      below_.push_back(triangle);
    }
    return true;
  }

  // The `rank` leading vectors, where their residuals are small enough.
  std::optional<std::vector<double>> leading(std::int64_t rank, int threads) const {
    const std::int64_t m = size();
    Eigen::MatrixXd small = Eigen::MatrixXd::Zero(m, m);
    for (std::size_t k = 0; k < basis_.size(); ++k) {
      const auto at = static_cast<std::int64_t>(k) * kWidth;
      small.block(at, at, kWidth, kWidth) = diagonal_[k];
      if (k + 1 < basis_.size()) small.block(at + kWidth, at, kWidth, kWidth) = below_[k];
    }
    small.triangularView<Eigen::StrictlyUpper>() = small.transpose();
    const LeadingEigen eigen = leading_eigen(small, rank, threads);
    const Eigen::Map<const RowMajor> chosen(eigen.vectors.data(), m, rank);
    const double sum = std::accumulate(eigen.values.begin(), eigen.values.end(), 0.0);
    const double residuals = (below_.back() * chosen.bottomRows(kWidth)).squaredNorm();
    if (!(residuals <= kMissed * sum * eigen.values.back())) return std::nullopt;
    RowMajor basis(n_, m);
    for (std::size_t k = 0; k < basis_.size(); ++k)
      basis.middleCols(static_cast<std::int64_t>(k) * kWidth, kWidth) =
          Eigen::Map<const RowMajor>(basis_[k].data(), n_, kWidth);
    std::vector<double> out(static_cast<std::size_t>(n_ * rank));
    multiply(row_major(basis.data(), n_, m), row_major(eigen.vectors.data(), m, rank), out.data(), threads);
    return out;
  }

 private:
  Block product(const Block& x) const {
    Block y(x.size());
    kernels().apply(a_.data(), n_, x.data(), y.data());
    return y;
  }

  // x becomes q of x = q * triangle (upper): Cholesky of the Gram matrix, twice. False where x vanishes or its columns are dependent.
  bool orthonormalise(Block& x, Small& triangle) const {
    triangle.setIdentity();
    for (int pass = 0; pass < 2; ++pass) {
      const Small gram = inner(x, x, n_);
      const Eigen::LLT<Small> cholesky(gram);
      if (cholesky.info() != Eigen::Success) return false;
      const Small upper = cholesky.matrixU();
      if (!(upper.diagonal().minCoeff() > (pass == 0 ? kExhausted * scale_ : 0.5))) return false;
      const Small inverse = upper.triangularView<Eigen::Upper>().solve(Small::Identity());
      Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, kWidth, Eigen::RowMajor>> rows(x.data(), n_, kWidth);
      rows = (rows * inverse).eval();
      triangle = (upper * triangle).eval();
    }
    return true;
  }

  const std::vector<double>& a_;
  std::int64_t n_;
  double scale_ = 0;
  bool exhausted_ = false;
  std::vector<Block> basis_;
  std::vector<Small> diagonal_, below_;
  Block next_;
};

}  // namespace

std::optional<std::vector<double>> block_lanczos(const std::vector<double>& a, std::int64_t n, std::int64_t rank,
                                                 int threads) {
  constexpr std::int64_t kStep = 64;
  std::int64_t size = rank + 40 + std::min<std::int64_t>(rank + rank * 2 / 5, 180);
  if (10 * size > 7 * n) return std::nullopt;
  Lanczos lanczos(a, n);
  for (; 10 * size <= 8 * n; size += kStep) {
    if (!lanczos.grow(size)) return std::nullopt;
    if (auto vectors = lanczos.leading(rank, threads)) return vectors;
  }
  return std::nullopt;
}

}  // namespace heat::offline
