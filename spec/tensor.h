// Tensors of a workload, and strided views by which nodes read and write them. All elements are int8 unless said.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "spec/einsum.h"
#include "spec/ids.h"

namespace heat::spec {

enum class TensorKind {
  kInput,       // given before the run (activations of the network's input)
  kWeight,      // static int8 data
  kParameters,  // requantisation records, lookup tables, layer-norm records: bytes with the layout of spec/arithmetic.h
  kIntermediate,  // produced and consumed within the schedule
  kOutput         // result of the network
};

// A dense row-major tensor. axes[0] is outermost.
struct Tensor {
  std::string name;
  TensorKind kind = TensorKind::kIntermediate;
  std::vector<std::int64_t> shape;
  double scale = 1.0;  // real value = scale * stored (informational: the integers decide)
  std::int64_t bytes() const {
    std::int64_t product = 1;
    for (auto s : shape) product *= s;
    return product;
  }
  // Filled before the run: its bytes are part of the DRAM image.
  bool is_given() const { return kind != TensorKind::kIntermediate && kind != TensorKind::kOutput; }
};

// One dimension of a view: value v of the index lies at v / inner * stride + v % inner * inner_stride. With an inner
// digit an index runs over two axes, or an operand stays the same for `inner` values of it (inner_stride 0).
struct ViewDim {
  Index index;
  std::int64_t size = 1;
  std::int64_t stride = 0;  // in bytes (elements are int8)
  std::int64_t inner = 1, inner_stride = 0;
  std::int64_t outer() const { return size / inner; }
};
// A dim of two digits as two dims of the same index, outermost first; another one as it is.
inline std::vector<ViewDim> digits(const ViewDim& d) {
  if (d.inner == 1) return {d};
  return {{d.index, d.outer(), d.stride}, {d.index, d.inner, d.inner_stride}};
}
// The dim of two digits, or of one where they step through memory as one.
inline ViewDim two_digits(const Index& index, std::int64_t outer, std::int64_t stride, std::int64_t inner,
                          std::int64_t inner_stride) {
  if (inner == 1) return {index, outer, stride};
  if (outer == 1 || stride == inner * inner_stride) return {index, outer * inner, inner_stride};
  return {index, outer * inner, stride, inner, inner_stride};
}

// How a node sees a tensor: the element at index values i has byte offset sum_i value_i * stride_i.
struct TensorView {
  TensorId tensor;
  std::vector<ViewDim> dims;  // grouped b, then m or n, then k; outermost first within a group
};

// The view with every digit as a dim of its own.
inline TensorView by_digits(const TensorView& view) {
  TensorView simple{view.tensor, {}};
  for (const ViewDim& d : view.dims)
    for (const ViewDim& digit : digits(d)) simple.dims.push_back(digit);
  return simple;
}

inline bool holds_index(const TensorView& view, const Index& index) {
  return std::any_of(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) { return d.index == index; });
}
// True when `index`, of `size` values, is the outermost axis of the whole tensor of `bytes` that the view is of.
inline bool is_outermost(const TensorView& view, const Index& index, std::int64_t size, std::int64_t bytes) {
  return std::any_of(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) {
    return d.index == index && d.size == size && d.inner == 1 && d.stride * d.size == bytes;
  });
}
// The same of the index's outer digit, each value of which stands for `inner` of the index.
inline bool outer_is_outermost(const TensorView& view, const Index& index, std::int64_t outer, std::int64_t bytes) {
  return std::any_of(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) {
    return d.index == index && d.inner > 1 && d.inner_stride == 0 && d.outer() == outer && d.stride * outer == bytes;
  });
}

}  // namespace heat::spec
