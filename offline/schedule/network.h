// A network on its way to a schedule: the integer structure (spec::Workload) and, beside it, the real numbers it stands
// for.
#pragma once

#include <string>
#include <vector>

#include "offline/network/activation.h"
#include "spec/workload.h"

namespace heat::offline {

// What a node computes in real numbers beside its sum of products.
struct RealNode {
  double factor = 1;        // multiplies the sum (1 / sqrt(head size) for attention scores)
  std::vector<float> bias;  // one a channel of the epilogue; empty: none
  Activation activation = Activation::kNone;
  std::vector<float> gamma;  // layer norm, one a column
  std::vector<float> beta;
};

struct Network {
  spec::Workload workload;
  spec::IdVector<spec::NodeId, spec::LoopDim> bounds;  // the dimension whose leading index fused groups loop over
  spec::IdVector<spec::NodeId, RealNode> real;
  spec::IdVector<spec::TensorId, std::vector<float>> weights;  // row-major values of kWeight tensors, empty otherwise
  spec::TensorId input;                                        // the tensor given before the run
  spec::TensorId mask;       // another input, [tokens]: 1 for a token, 0 for padding behind them; none: all are tokens
  spec::TensorId output;     // the tensor that is the result
  bool has_weights() const;  // every kWeight tensor has its values
};

// Bytes of tensors: those that are given, empty for the others.
using TensorBytes = spec::IdVector<spec::TensorId, std::vector<std::int8_t>>;

// Flattened byte offsets that `group` of a view spans, in the order of the group (its last index runs fastest).
std::vector<std::int64_t> group_offsets(const spec::TensorView& view, const std::vector<spec::Index>& group);

// The requantisation channel of one of a node's outputs.
inline std::int64_t channel_of(const spec::GemmNode& gemm, std::int64_t b, std::int64_t m, std::int64_t n) {
  const std::int64_t row = gemm.epilogue.channels_include_batch ? b * gemm.extents.m + m : m;
  return row * gemm.epilogue.n_channels + n % gemm.epilogue.n_channels;
}

}  // namespace heat::offline
