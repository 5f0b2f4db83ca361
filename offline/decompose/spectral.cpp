// Eigenvectors of the smaller Gram matrix (block Lanczos for few, QL for many), then one projection of the matrix itself: the error
// of the projection a -> U U^T a is second order in the error of U, so squaring the condition number costs nothing that
// a low-rank approximation could see (values below 1e-8 of the largest may be mixed among themselves).
#include "offline/decompose/spectral.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <span>

#include "base/errors.h"
#include "offline/decompose/block_lanczos.h"
#include "offline/decompose/symmetric_eigen.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// The `rank` leading eigenvectors of a * a^T, [a.rows, rank] row-major, signs fixed.
std::vector<double> leading_gram_vectors(const MatrixView& a, std::int64_t rank, int threads) {
  const std::int64_t n = a.rows;
  std::vector<double> gram = gram_of(a, threads);
  double scale = 0;
  for (std::int64_t i = 0; i < n; ++i) scale = std::max(scale, gram[static_cast<std::size_t>(i * n + i)]);
  if (scale > 0)
    for (double& v : gram) v /= scale;  // keeps the solver away from underflow on tiny matrices
  std::vector<double> vectors;
  if (auto few = block_lanczos(gram, n, rank, threads)) {
    vectors = std::move(*few);
  } else {
    vectors = leading_eigen(Eigen::Map<RowMajor>(gram.data(), n, n), rank, threads).vectors;
  }
  Eigen::Map<RowMajor> columns(vectors.data(), n, rank);
  for (std::int64_t r = 0; r < rank; ++r) {
    Eigen::Index largest = 0;
    columns.col(r).cwiseAbs().maxCoeff(&largest);
    if (columns(largest, r) < 0) columns.col(r) *= -1;
  }
  return vectors;
}

constexpr double kZeroValue = 1e-14;  // of the largest value

// Scales each column of [rows, count] row-major to unit norm; the norms. One that is nearly zero becomes zero.
std::vector<double> normalise_columns(std::vector<double>& data, std::int64_t count) {
  const auto columns = static_cast<std::size_t>(count);
  std::vector<double> norms(columns, 0.0), scales;
  for (std::size_t i = 0; i < data.size(); i += columns)
    for (std::size_t r = 0; r < columns; ++r) norms[r] += data[i + r] * data[i + r];
  for (double& n : norms) n = std::sqrt(n);
  const double least = kZeroValue * *std::max_element(norms.begin(), norms.end());
  for (double& n : norms) {
    if (n <= least) n = 0;
    scales.push_back(n == 0 ? 0.0 : 1 / n);
  }
  for (std::size_t i = 0; i < data.size(); i += columns)
    for (std::size_t r = 0; r < columns; ++r) data[i + r] *= scales[r];
  return norms;
}

}  // namespace

// The blocks below the diagonal, mirrored.
std::vector<double> gram_of(const MatrixView& a, int threads) {
  constexpr std::int64_t kRows = 192;
  const std::int64_t n = a.rows;
  std::vector<double> gram(static_cast<std::size_t>(n * n)), product;
  for (std::int64_t begin = 0; begin < n; begin += kRows) {
    const std::int64_t rows = std::min(kRows, n - begin), cols = begin + rows;
    const MatrixView left{a.data + begin * a.row_stride, rows, a.cols, a.row_stride, a.col_stride},
        right{a.data, cols, a.cols, a.row_stride, a.col_stride};
    product.resize(static_cast<std::size_t>(rows * cols));
    multiply(left, transposed(right), product.data(), threads);
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < cols; ++j)
        gram[static_cast<std::size_t>((begin + i) * n + j)] = gram[static_cast<std::size_t>(j * n + begin + i)] =
            product[static_cast<std::size_t>(i * cols + j)];
  }
  return gram;
}

LeadingProjection leading_projection(const MatrixView& a, std::int64_t rank, int threads) {
  LeadingProjection p;
  p.rest.resize(static_cast<std::size_t>(rank * a.cols));
  if (a.rows <= a.cols) {
    p.left = leading_gram_vectors(a, rank, threads);
    multiply(transposed(row_major(p.left.data(), a.rows, rank)), a, p.rest.data(), threads);
    return p;
  }
  const std::vector<double> right = leading_gram_vectors(transposed(a), rank, threads);
  p.left.resize(static_cast<std::size_t>(a.rows * rank));
  multiply(a, row_major(right.data(), a.cols, rank), p.left.data(), threads);
  const std::vector<double> values = normalise_columns(p.left, rank);
  for (std::int64_t r = 0; r < rank; ++r)
    for (std::int64_t j = 0; j < a.cols; ++j)
      p.rest[static_cast<std::size_t>(r * a.cols + j)] =
          values[static_cast<std::size_t>(r)] * right[static_cast<std::size_t>(j * rank + r)];
  return p;
}

LeadingTriplets leading_triplets(const MatrixView& a, std::int64_t rank, int threads) {
  LeadingProjection p = leading_projection(a, rank, threads);
  LeadingTriplets t{std::move(p.left), std::vector<double>(static_cast<std::size_t>(rank)), std::move(p.rest)};
  const auto row = [&](std::int64_t r) {
    return std::span(t.right).subspan(static_cast<std::size_t>(r * a.cols), static_cast<std::size_t>(a.cols));
  };
  for (std::int64_t r = 0; r < rank; ++r) t.values[static_cast<std::size_t>(r)] = std::sqrt(squared_norm(row(r)));
  const double least = kZeroValue * *std::max_element(t.values.begin(), t.values.end());
  for (std::int64_t r = 0; r < rank; ++r) {
    double& value = t.values[static_cast<std::size_t>(r)];
    if (value <= least) value = 0;
    for (double& v : row(r)) v = value == 0 ? 0.0 : v / value;
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
