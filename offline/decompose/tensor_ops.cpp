// Permutation by odometer, mode products as matrix products on the [left, mode, right] view.
#include "offline/decompose/tensor_ops.h"

#include <algorithm>

#include "offline/decompose/dense_kernels.h"

namespace heat::offline {

Tensor permute(std::span<const double> data, const std::vector<std::int64_t>& dims,
               const std::vector<std::size_t>& axes) {
  const std::size_t order = dims.size();
  std::vector<std::int64_t> stride(order, 1);
  for (std::size_t k = order; k-- > 1;) stride[k - 1] = stride[k] * dims[k];
  Tensor out;
  std::vector<std::int64_t> step(order);
  for (std::size_t k = 0; k < order; ++k) {
    out.dims.push_back(dims[axes[k]]);
    step[k] = stride[axes[k]];
  }
  out.data.resize(data.size());
  if (data.empty()) return out;
  std::vector<std::int64_t> index(order, 0);
  const std::int64_t inner = order ? out.dims.back() : 1, inner_step = order ? step.back() : 1;
  std::int64_t source = 0;
  for (std::size_t target = 0; target < out.data.size();) {
    for (std::int64_t i = 0; i < inner; ++i)
      out.data[target++] = data[static_cast<std::size_t>(source + i * inner_step)];
    for (std::size_t k = order - std::min<std::size_t>(order, 1); k-- > 0;) {
      source += step[k];
      if (++index[k] < out.dims[k]) break;
      source -= step[k] * out.dims[k];
      index[k] = 0;
    }
  }
  return out;
}

Tensor unfold(std::span<const double> data, const std::vector<std::int64_t>& dims, std::size_t mode) {
  std::vector<std::size_t> axes{mode};
  for (std::size_t k = 0; k < dims.size(); ++k)
    if (k != mode) axes.push_back(k);
  Tensor out = permute(data, dims, axes);
  out.dims = {dims[mode], out.size() / std::max<std::int64_t>(dims[mode], 1)};
  return out;
}

Tensor mode_product(std::span<const double> data, const std::vector<std::int64_t>& dims, std::size_t mode,
                    const ModeMatrix& matrix, int threads) {
  const std::int64_t dim = dims[mode], size = matrix.size;
  std::int64_t left = 1, right = 1;
  for (std::size_t k = 0; k < mode; ++k) left *= dims[k];
  for (std::size_t k = mode + 1; k < dims.size(); ++k) right *= dims[k];
  Tensor out{dims, std::vector<double>(static_cast<std::size_t>(left * size * right))};
  out.dims[mode] = size;
  const MatrixView factor = row_major(matrix.data, dim, size);
  if (right == 1) {
    multiply(row_major(data.data(), left, dim), factor, out.data.data(), threads);
  } else if (left == 1) {
    multiply(transposed(factor), row_major(data.data(), dim, right), out.data.data(), threads);
  } else {
    const std::int64_t grain = std::max<std::int64_t>(1, 1'000'000 / std::max<std::int64_t>(1, dim * size * right));
    parallel_ranges(left, grain, threads, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t l = begin; l < end; ++l)
        multiply(transposed(factor), row_major(data.data() + l * dim * right, dim, right),
                 out.data.data() + l * size * right, 1);
    });
  }
  return out;
}

Tensor mode_product(const Tensor& tensor, std::size_t mode, const double* matrix, std::int64_t size, int threads) {
  return mode_product(tensor.data, tensor.dims, mode, {matrix, size}, threads);
}

// Eight sums side by side, which a processor adds at once.
double squared_norm(std::span<const double> values) {
  constexpr std::size_t kSums = 8;
  double sums[kSums] = {};
  std::size_t i = 0;
  for (; i + kSums <= values.size(); i += kSums)
    for (std::size_t k = 0; k < kSums; ++k) sums[k] += values[i + k] * values[i + k];
  for (; i < values.size(); ++i) sums[0] += values[i] * values[i];
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace heat::offline
