// Which axes of two tensors are rows, columns and depth of the matrix product that contracts them.
#pragma once

#include <initializer_list>
#include <vector>

#include "spec/einsum.h"

namespace heat::offline {

struct ContractionAxes {
  std::vector<spec::Index> rows, cols;  // of the first and of the second tensor alone
  std::vector<spec::Index> shared;      // of both, and of the result
  std::vector<spec::Index> summed;
  // Rows, columns, then shared ones when nothing is summed (products of elements); else shared ones first (a batch).
  std::vector<spec::Index> result() const;
};

// `kept`: of the shared axes those that are not summed.
ContractionAxes contraction_axes(const std::vector<spec::Index>& a, const std::vector<spec::Index>& b,
                                 const std::vector<spec::Index>& kept);

bool holds(const std::vector<spec::Index>& list, const spec::Index& index);
std::vector<spec::Index> joined(std::initializer_list<const std::vector<spec::Index>*> lists);

}  // namespace heat::offline
