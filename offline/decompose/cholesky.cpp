// Right-looking by blocks: nearly all of it is the product that updates what is left (dense_kernels.h); Eigen's own
// blocks are products in the baseline's vectors.
#include "offline/decompose/cholesky.h"

#include <Eigen/Cholesky>
#include <algorithm>
#include <vector>

#include "offline/decompose/dense_kernels.h"

namespace heat::offline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Block = Eigen::Map<RowMajor, 0, Eigen::OuterStride<>>;

constexpr std::int64_t kBlock = 128;

}  // namespace

bool cholesky_in_place(double* a, std::int64_t n, int threads) {
  std::vector<double> product;
  for (std::int64_t k = 0; k < n; k += kBlock) {
    const std::int64_t width = std::min(kBlock, n - k), below = n - k - width;
    Block diagonal(a + k * n + k, width, width, Eigen::OuterStride<>(n));
    const Eigen::LLT<RowMajor> factor(diagonal);
    if (factor.info() != Eigen::Success) return false;
    const RowMajor lower = factor.matrixL();
    diagonal = lower;
    if (below == 0) break;
    const RowMajor inverse = lower.triangularView<Eigen::Lower>().solve(RowMajor::Identity(width, width));
    double* panel = a + (k + width) * n + k;
    RowMajor solved(below, width);
    multiply({panel, below, width, n, 1}, transposed(row_major(inverse.data(), width, width)), solved.data(), threads);
    Block(panel, below, width, Eigen::OuterStride<>(n)) = solved;
    for (std::int64_t j = 0; j < below; j += 2 * kBlock) {
      const std::int64_t cols = std::min(2 * kBlock, below - j), rows = below - j;
      product.resize(static_cast<std::size_t>(rows * cols));
      multiply(row_major(solved.data() + j * width, rows, width),
               transposed(row_major(solved.data() + j * width, cols, width)), product.data(), threads);
      Block(a + (k + width + j) * n + k + width + j, rows, cols, Eigen::OuterStride<>(n)) -=
          Eigen::Map<RowMajor>(product.data(), rows, cols);
    }
  }
  return true;
}

}  // namespace heat::offline
