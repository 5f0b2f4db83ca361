// Eigenvectors of the smaller Gram matrix (Eigen's symmetric QR), then one projection of the matrix itself: the error
// of the projection a -> U U^T a is second order in the error of U, so squaring the condition number costs nothing that
// a low-rank approximation could see (values below 1e-8 of the largest may be mixed among themselves).
#include "offline/decompose/spectral.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "base/errors.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The `rank` leading eigenvectors of a * a^T, [a.rows, rank] row-major, signs fixed.
std::vector<double> leading_gram_vectors(const MatrixView& a, std::int64_t rank, int threads) {
  const std::int64_t n = a.rows;
  RowMajor gram(n, n);
  multiply(a, transposed(a), gram.data(), threads);
  const double scale = gram.diagonal().cwiseAbs().maxCoeff();
  if (scale > 0) gram /= scale;  // keeps the solver away from underflow on tiny matrices
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram);
  HEAT_CHECK(solver.info() == Eigen::Success, "symmetric eigenvalues did not converge");
  std::vector<double> vectors(static_cast<std::size_t>(n * rank));
  for (std::int64_t r = 0; r < rank; ++r) {
    const auto column = solver.eigenvectors().col(n - 1 - r);
    Eigen::Index largest = 0;
    column.cwiseAbs().maxCoeff(&largest);
    const double sign = column[largest] < 0 ? -1.0 : 1.0;
    for (std::int64_t i = 0; i < n; ++i) vectors[static_cast<std::size_t>(i * rank + r)] = sign * column[i];
  }
  return vectors;
}

constexpr double kZeroValue = 1e-14;  // of the largest value

// Scales each of the `count` vectors (element e of vector r at e * e_stride + r * r_stride) to unit norm; the norms.
std::vector<double> normalise(std::vector<double>& data, std::int64_t count, std::int64_t length, std::int64_t r_stride,
                              std::int64_t e_stride) {
  std::vector<double> norms(static_cast<std::size_t>(count));
  for (std::int64_t r = 0; r < count; ++r) {
    double sum = 0;
    for (std::int64_t e = 0; e < length; ++e) {
      const double v = data[static_cast<std::size_t>(e * e_stride + r * r_stride)];
      sum += v * v;
    }
    norms[static_cast<std::size_t>(r)] = std::sqrt(sum);
  }
  const double least = kZeroValue * *std::max_element(norms.begin(), norms.end());
  for (std::int64_t r = 0; r < count; ++r) {
    double& norm = norms[static_cast<std::size_t>(r)];
    const bool zero = norm <= least;
    for (std::int64_t e = 0; e < length; ++e) {
      double& v = data[static_cast<std::size_t>(e * e_stride + r * r_stride)];
      v = zero ? 0.0 : v / norm;
    }
    if (zero) norm = 0;
  }
  return norms;
}

}  // namespace

LeadingTriplets leading_triplets(const MatrixView& a, std::int64_t rank, int threads) {
  LeadingTriplets t;
  if (a.rows <= a.cols) {
    t.left = leading_gram_vectors(a, rank, threads);
    t.right.resize(static_cast<std::size_t>(rank * a.cols));
    multiply(transposed(row_major(t.left.data(), a.rows, rank)), a, t.right.data(), threads);
    t.values = normalise(t.right, rank, a.cols, a.cols, 1);
  } else {
    const std::vector<double> right = leading_gram_vectors(transposed(a), rank, threads);
    t.left.resize(static_cast<std::size_t>(a.rows * rank));
    multiply(a, row_major(right.data(), a.cols, rank), t.left.data(), threads);
    t.values = normalise(t.left, rank, a.rows, 1, rank);
    t.right.resize(right.size());
    for (std::int64_t r = 0; r < rank; ++r)
      for (std::int64_t j = 0; j < a.cols; ++j)
        t.right[static_cast<std::size_t>(r * a.cols + j)] = right[static_cast<std::size_t>(j * rank + r)];
  }
  return t;
}

std::vector<double> leading_left_vectors(const MatrixView& a, std::int64_t rank, int threads) {
  if (a.rows <= a.cols) return leading_gram_vectors(a, rank, threads);
  const std::int64_t have = std::min(rank, a.cols);
  LeadingTriplets t = leading_triplets(a, have, threads);
  std::int64_t live = have;
  while (live > 0 && t.values[static_cast<std::size_t>(live - 1)] == 0) --live;
  if (live == rank) return t.left;
  std::vector<double> basis(static_cast<std::size_t>(a.rows * live));
  for (std::int64_t i = 0; i < a.rows; ++i) std::copy_n(t.left.begin() + i * have, live, basis.begin() + i * live);
  return complete_basis(basis, a.rows, live, rank);
}

std::vector<double> complete_basis(const std::vector<double>& basis, std::int64_t rows, std::int64_t have,
                                   std::int64_t want) {
  Eigen::MatrixXd q(rows, want);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t r = 0; r < have; ++r) q(i, r) = basis[static_cast<std::size_t>(i * have + r)];
  std::int64_t next = 0;
  for (std::int64_t r = have; r < want; ++next) {
    HEAT_CHECK(next < rows, "no orthonormal basis larger than the space");
    Eigen::VectorXd v = Eigen::VectorXd::Unit(rows, next);
    for (int pass = 0; pass < 2; ++pass) v -= q.leftCols(r) * (q.leftCols(r).transpose() * v);
    const double norm = v.norm();
    if (norm < 1e-8) continue;
    q.col(r++) = v / norm;
  }
  std::vector<double> out(static_cast<std::size_t>(rows * want));
  Eigen::Map<RowMajor>(out.data(), rows, want) = q;
  return out;
}

}  // namespace heat::offline
