// Sums are matrix products on views where the axes lie well, on permuted copies where they do not.
#include "offline/decompose/contraction.h"

#include <algorithm>

#include "base/errors.h"
#include "offline/decompose/contraction_axes.h"
#include "offline/decompose/dense_kernels.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

using Indices = std::vector<spec::Index>;

std::int64_t dim_of(const LabelledTensor& t, const spec::Index& index) {
  const auto at = std::find(t.indices.begin(), t.indices.end(), index);
  HEAT_CHECK(at != t.indices.end(), "no axis " + index);
  return t.dims[static_cast<std::size_t>(at - t.indices.begin())];
}

std::int64_t elements(const LabelledTensor& t, const Indices& indices) {
  std::int64_t count = 1;
  for (const auto& i : indices) count *= dim_of(t, i);
  return count;
}

// `t` with its axes in the order first, second; without a copy where it is either that order or the opposite one.
struct TwoGroups {
  LabelledTensor copy;
  const double* data = nullptr;
  bool swapped = false;  // lies as second, first
};
TwoGroups grouped(const LabelledTensor& t, const Indices& first, const Indices& second) {
  TwoGroups g;
  g.swapped = t.indices == joined({&second, &first});
  if (!g.swapped && t.indices != joined({&first, &second})) g.copy = permuted(t, joined({&first, &second}));
  g.data = g.copy.data.empty() ? t.data.data() : g.copy.data.data();
  return g;
}

MatrixView view(const TwoGroups& g, std::int64_t rows, std::int64_t cols) {
  return g.swapped ? transposed(row_major(g.data, cols, rows)) : row_major(g.data, rows, cols);
}

// out[i, j, r] = a[i, r] * b[j, r].
void multiply_elements(const TwoGroups& a, const TwoGroups& b, std::int64_t m, std::int64_t n, std::int64_t shared,
                       double* out) {
  const MatrixView x = view(a, m, shared), y = view(b, n, shared);
  for (std::int64_t i = 0; i < m; ++i)
    for (std::int64_t j = 0; j < n; ++j)
      for (std::int64_t r = 0; r < shared; ++r)
        *out++ = x.data[i * x.row_stride + r * x.col_stride] * y.data[j * y.row_stride + r * y.col_stride];
}

}  // namespace

LabelledTensor permuted(LabelledTensor t, const Indices& indices) {
  if (t.indices == indices) return t;
  std::vector<std::size_t> axes;
  for (const auto& i : indices) {
    const auto at = std::find(t.indices.begin(), t.indices.end(), i);
    HEAT_CHECK(at != t.indices.end() && indices.size() == t.indices.size(), "axes of the same tensor");
    axes.push_back(static_cast<std::size_t>(at - t.indices.begin()));
  }
  Tensor out = permute(t.data, t.dims, axes);
  return {indices, std::move(out.dims), std::move(out.data)};
}

LabelledTensor contract(const LabelledTensor& a, const LabelledTensor& b, const Indices& kept, int threads) {
  const ContractionAxes axes = contraction_axes(a.indices, b.indices, kept);
  const auto& [m, n, shared, summed] = axes;
  const std::int64_t rows = elements(a, m), cols = elements(b, n), batches = elements(a, shared),
                     depth = elements(a, summed);
  LabelledTensor out;
  out.indices = axes.result();
  for (const auto& i : out.indices) out.dims.push_back(dim_of(holds(a.indices, i) ? a : b, i));
  out.data.resize(static_cast<std::size_t>(rows * cols * batches));
  if (summed.empty()) {
    multiply_elements(grouped(a, m, shared), grouped(b, n, shared), rows, cols, batches, out.data.data());
  } else if (shared.empty()) {
    const TwoGroups x = grouped(a, m, summed), y = grouped(b, summed, n);
    multiply(view(x, rows, depth), view(y, depth, cols), out.data.data(), threads);
  } else {
    const LabelledTensor x = permuted(a, joined({&shared, &m, &summed})),
                         y = permuted(b, joined({&shared, &summed, &n}));
    for (std::int64_t s = 0; s < batches; ++s)
      multiply(row_major(x.data.data() + s * rows * depth, rows, depth),
               row_major(y.data.data() + s * depth * cols, depth, cols), out.data.data() + s * rows * cols, threads);
  }
  return out;
}

}  // namespace heat::offline
