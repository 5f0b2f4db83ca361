// The contraction of two tensors with named axes. Inside this room only.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/einsum.h"

namespace heat::offline {

struct LabelledTensor {
  std::vector<spec::Index> indices;
  std::vector<std::int64_t> dims;
  std::vector<double> data;  // row-major
};

// The sum of a * b over the shared indices that `kept` does not hold. Axes of the result: a's own, b's own, then shared
// ones when nothing is summed; else shared ones first. Every element is summed in one order, whatever `threads`.
LabelledTensor contract(const LabelledTensor& a, const LabelledTensor& b, const std::vector<spec::Index>& kept,
                        int threads);

// The same tensor with its axes in the order `indices`.
LabelledTensor permuted(LabelledTensor tensor, const std::vector<spec::Index>& indices);

}  // namespace heat::offline
