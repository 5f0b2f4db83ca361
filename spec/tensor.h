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

// One dimension of a view.
struct ViewDim {
  Index index;
  std::int64_t size = 1;
  std::int64_t stride = 0;  // in bytes (elements are int8)
};

// How a node sees a tensor: the element at index values i has byte offset sum_i value_i * stride_i.
struct TensorView {
  TensorId tensor;
  std::vector<ViewDim> dims;  // grouped b, then m or n, then k; outermost first within a group
};

inline bool holds_index(const TensorView& view, const Index& index) {
  return std::any_of(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) { return d.index == index; });
}
// True when `index`, of `size` values, is the outermost axis of the whole tensor of `bytes` that the view is of.
inline bool is_outermost(const TensorView& view, const Index& index, std::int64_t size, std::int64_t bytes) {
  return std::any_of(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) {
    return d.index == index && d.size == size && d.stride * d.size == bytes;
  });
}

}  // namespace heat::spec
