// Row-major tensors of any order and the few operations that the decompositions share.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace heat::offline {

struct Tensor {
  std::vector<std::int64_t> dims;
  std::vector<double> data;  // row-major

  std::int64_t size() const { return static_cast<std::int64_t>(data.size()); }
};

// The axes of `tensor` in the order `axes` (axis k of the result is axis axes[k] of the input).
Tensor permute(std::span<const double> data, const std::vector<std::int64_t>& dims,
               const std::vector<std::size_t>& axes);

// The unfolding of axis `mode`: a matrix [dims[mode], rest], the rest row-major in their order.
Tensor unfold(std::span<const double> data, const std::vector<std::int64_t>& dims, std::size_t mode);

// [dims[mode], size] row-major.
struct ModeMatrix {
  const double* data;
  std::int64_t size;
};
// Sums axis `mode` against `matrix` [dims[mode], size] row-major: that axis then has `size` entries.
Tensor mode_product(std::span<const double> data, const std::vector<std::int64_t>& dims, std::size_t mode,
                    const ModeMatrix& matrix, int threads);
Tensor mode_product(const Tensor& tensor, std::size_t mode, const double* matrix, std::int64_t size, int threads);

double squared_norm(std::span<const double> values);

}  // namespace heat::offline
