// One linear layer y = W x + b of a network, dense or factorised, lowered to GEMM nodes.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "offline/decompose/decomposition.h"
#include "offline/path/optimal_path.h"
#include "offline/schedule/builder.h"

namespace heat::offline {

// What a layer computes. Values may be absent (a schedule for timing only): `weight` empty, cores without data.
struct LinearForm {
  std::string name;  // "encoder.layer.0.attention.self.query"
  std::int64_t in = 0, out = 0;
  std::vector<float> weight;             // [out, in]
  std::vector<float> bias;               // [out]
  std::optional<Decomposition> factors;  // of the matrix [out, in]; dense when absent
  bool has_values() const { return factors ? !factors->cores.front().data.empty() : !weight.empty(); }
};

// Where a layer's activations lie: element (t, features) has the offset t * token_stride + sum feature * stride. The
// features, outermost first, are the digits of the flat feature index.
struct ActivationLayout {
  spec::TensorId tensor;
  std::int64_t token_stride = 0;
  std::vector<spec::ViewDim> features;
};

// A tensor [tokens, features], row-major.
ActivationLayout plain_layout(const spec::Workload& workload, spec::TensorId tensor, const spec::Index& index);

// The digits (sizes, outermost first) that refine both digit systems of the same product, or nothing when there are
// none: {12, 64} and {24, 32} give {12, 2, 32}.
std::optional<std::vector<std::int64_t>> common_refinement(const std::vector<std::int64_t>& x,
                                                           const std::vector<std::int64_t>& y);

// True when the layer can write to a layout with these feature digits.
bool can_write(const LinearForm& form, const std::vector<std::int64_t>& features);

// Which contraction path a factorised layer takes.
using PathChooser = std::function<OnlinePlan(const TensorNetwork&)>;
// The path of least online MACs.
OnlinePlan least_macs_plan(const TensorNetwork& network);

// What lowering needs to know of the machine, and which path factorised layers take on it.
struct LoweringTarget {
  spec::Extents grain{0, 0, 0, 0};  // machines::PeArray's: decides the roles of operands (lower_path.h)
  PathChooser choose = least_macs_plan;
};

// Adds the layer's nodes for the workload's tokens. Preconditions: can_write(form, sizes of output.features); a
// factorised layer's input is plain.
void lower_linear(NetworkBuilder& builder, const LinearForm& form, const ActivationLayout& input,
                  const ActivationLayout& output, Activation activation, const LoweringTarget& target);

}  // namespace heat::offline
