// One function a method; decompose() checks the input and calls the right one. Inside this room only.
#pragma once

#include <span>

#include "offline/decompose/decomposition.h"

namespace heat::offline {

// w row-major [rows, cols], finite; ranks feasible.
struct MethodInput {
  std::span<const double> w;
  const TensorShape& shape;
  const std::vector<std::int64_t>& ranks;
  const DecomposeOptions& options;
};

// A method's cores and weights, and the iterations it took.
struct MethodResult {
  std::vector<Core> cores;
  std::vector<double> weights;
  int iterations = 1;
};

MethodResult decompose_svd(const MethodInput& input);
MethodResult decompose_ttm(const MethodInput& input);
MethodResult decompose_tucker(const MethodInput& input);
MethodResult decompose_cp(const MethodInput& input);

// "row0", "row1", ..., "col0", ...: the name of mode n's factor.
std::string factor_name(const TensorShape& shape, std::size_t mode);

}  // namespace heat::offline
