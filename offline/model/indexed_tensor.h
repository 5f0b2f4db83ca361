// Contraction of LibTorch tensors with named axes, differentiable.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "spec/einsum.h"

namespace heat::offline {

struct IndexedTensor {
  std::vector<spec::Index> indices;  // one an axis
  at::Tensor tensor;
};

// The sum of a * b over the shared indices that `kept` does not hold: one matrix product. Axes of the result: a's own,
// b's own, then shared ones when nothing is summed; else shared ones first.
IndexedTensor contract(const IndexedTensor& a, const IndexedTensor& b, const std::vector<spec::Index>& kept);

// The axes in the order `indices`.
at::Tensor permuted(const IndexedTensor& t, const std::vector<spec::Index>& indices);

}  // namespace heat::offline
