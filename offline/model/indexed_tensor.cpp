// Axes are grouped so that a product of matrices does the sum; a group that lies together is a view, not a copy.
#include "offline/model/indexed_tensor.h"

#include <algorithm>

#include "base/errors.h"
#include "offline/decompose/contraction_axes.h"

namespace heat::offline {
namespace {

using Indices = std::vector<spec::Index>;
using Sizes = std::vector<std::int64_t>;

std::int64_t axis_of(const IndexedTensor& t, const spec::Index& index) {
  const auto at = std::find(t.indices.begin(), t.indices.end(), index);
  HEAT_CHECK(at != t.indices.end(), "no axis " + index);
  return at - t.indices.begin();
}

std::int64_t elements(const IndexedTensor& t, const Indices& indices) {
  std::int64_t count = 1;
  for (const auto& i : indices) count *= t.tensor.size(axis_of(t, i));
  return count;
}

// [elements of first, elements of second].
at::Tensor matrix(const IndexedTensor& t, const Indices& first, const Indices& second) {
  const std::int64_t rows = elements(t, first), cols = elements(t, second);
  if (t.indices == joined({&second, &first})) return t.tensor.reshape({cols, rows}).t();
  return permuted(t, joined({&first, &second})).reshape({rows, cols});
}

}  // namespace

at::Tensor permuted(const IndexedTensor& t, const Indices& indices) {
  if (t.indices == indices) return t.tensor;
  Sizes axes;
  for (const auto& i : indices) axes.push_back(axis_of(t, i));
  return t.tensor.permute(axes);
}

IndexedTensor contract(const IndexedTensor& a, const IndexedTensor& b, const Indices& kept) {
  const ContractionAxes axes = contraction_axes(a.indices, b.indices, kept);
  const auto& [m, n, shared, summed] = axes;
  IndexedTensor out;
  out.indices = axes.result();
  Sizes sizes;
  for (const auto& i : out.indices) {
    const IndexedTensor& source = holds(a.indices, i) ? a : b;
    sizes.push_back(source.tensor.size(axis_of(source, i)));
  }
  if (summed.empty()) {
    out.tensor = matrix(a, m, shared).unsqueeze(1) * matrix(b, n, shared).unsqueeze(0);
  } else if (shared.empty()) {
    out.tensor = at::matmul(matrix(a, m, summed), matrix(b, summed, n));
  } else {
    const std::int64_t batches = elements(a, shared), depth = elements(a, summed);
    const at::Tensor x = permuted(a, joined({&shared, &m, &summed})).reshape({batches, elements(a, m), depth}),
                     y = permuted(b, joined({&shared, &summed, &n})).reshape({batches, depth, elements(b, n)});
    out.tensor = at::matmul(x, y);
  }
  out.tensor = out.tensor.reshape(sizes);
  return out;
}

}  // namespace heat::offline
