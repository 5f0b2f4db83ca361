// A network's body in the operations that the machine has.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "offline/network/graph.h"
#include "offline/schedule/network_forms.h"

namespace heat::offline {

// Values are those of the graph; one that an identity of the graph (dropout, padding mask) made is replaced by what the
// identity read.
struct LinearStep {
  LinearLayer layer;
  ValueId input = kNoValue, output = kNoValue;
};

struct ProductStep {
  std::string name;
  op::Matmul product;
};

struct SoftmaxStep {
  std::string name;
  ValueId input = kNoValue, output = kNoValue;
  bool masks_padding = false;  // the network's padding mask lies on its input
};

// Layer norm of input, or of input + residual.
struct NormStep {
  NormLayer layer;
  ValueId input = kNoValue, residual = kNoValue, output = kNoValue;
};

using MachineStep = std::variant<LinearStep, ProductStep, SoftmaxStep, NormStep>;

struct MachineBody {
  ValueId input = kNoValue, output = kNoValue;
  std::vector<MachineStep> steps;
};

const std::string& name_of(const MachineStep& step);
std::vector<ValueId> inputs_of(const MachineStep& step);
ValueId output_of(const MachineStep& step);
// Steps that join activations of several tokens (products, their softmax) are walked in groups of their own.
bool joins_tokens(const MachineStep& step);

// A padding mask belongs to the softmax behind it. An activation becomes the
// epilogue of the linear before it, a sum the residual of the norm behind it. Throws base::ConfigError naming the
// operator that the machine cannot run: a cache, a causal mask, a padding mask
// that something else than a softmax reads, an embedding or a selection, an activation or a sum
// with another use; and for a body that takes or delivers more than one value.
MachineBody machine_steps(const Graph& graph);

// The body's linear layers, in its order.
std::vector<LinearLayer> linear_layers(const Graph& graph);

}  // namespace heat::offline
