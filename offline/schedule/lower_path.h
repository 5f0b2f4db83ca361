// From a contraction path to the nodes of a workload: tensors with layouts, and one batched GEMM a pairwise step.
//
// Roles. Each step is a GEMM of a weight operand (stationary in the PEs, its outputs in m) and an input operand
// (broadcast, its outputs in n). The weight is the static operand, or the one without the token index; when both or
// neither hold it, the second of the step. The roles are exchanged when that at least halves the compute cycles by the
// machine's grain, which happens to steps whose only output index beside the batch is the token: then the tokens are m.
//
// Layouts, decided from the last node back to the first:
//  - the result has the order of the einsum's output;
//  - an intermediate has the order its consumer reads: [token, if it holds it], the consumer's b, the consumer's m or n,
//    then the consumer's k innermost; within k, what the producer runs over in n comes before what it has in m, so that
//    neighbouring output channels are neighbouring bytes;
//  - a static operand that the request leaves to us (LowerOperand::tensor of none) likewise, and the order chosen is
//    reported (LoweredPath::operands): whoever writes the data permutes it so;
//  - an operand that exists already is seen as dense row-major in the order of its indices in the einsum.
//
// Order of nodes: steps that do not depend on the token come first (in path order), then the others (in path order).
//
// Bound index: the token where a node holds it (in n; in m after an exchange; in b when both operands hold it), else
// the leading index of the largest of the node's b, m, n.
#pragma once

#include <string>
#include <vector>

#include "offline/mapper/fusion.h"
#include "spec/einsum.h"
#include "spec/workload.h"

namespace heat::offline {

// One operand of the einsum.
struct LowerOperand {
  std::string name;                                   // of the tensor, when it is made here
  spec::TensorKind kind = spec::TensorKind::kWeight;  // kWeight: static
  spec::TensorId tensor;                              // existing tensor, or none: append one, layout chosen here
};

struct LowerRequest {
  spec::Einsum einsum;
  spec::ContractionPath path;          // empty steps are allowed for two operands: one step
  std::vector<LowerOperand> operands;  // as many as the einsum's
  std::string layer;                   // node names are "<layer>/1", "<layer>/2", ...; a single node is "<layer>"
  std::string output_name;             // name of the result's tensor, when it is made here
  spec::TensorKind output_kind = spec::TensorKind::kIntermediate;
  spec::TensorId output_tensor;     // existing tensor, or none: append one
  spec::Index token = "t";          // the index the group loop runs over
  spec::Extents grain{0, 0, 0, 0};  // of the machine (machines::PeArray)
  // The result has parameters of its own for every feature: tokens must not be among the last node's channels. Where an
  // exchange of roles would put them there, no roles of this path are exchanged.
  bool features_are_channels = false;
};

// Where an operand's elements lie.
struct LoweredOperand {
  spec::TensorId tensor;
  std::vector<spec::Index> order;  // axes of the tensor, outermost first
};

struct LoweredPath {
  std::vector<mapper::ChainNode> nodes;       // in order of execution, each with the dimension that it should bind
  std::vector<LoweredOperand> operands;       // one an operand of the einsum
  std::vector<spec::TensorId> intermediates;  // tensors made for inner results, by node (all nodes but the last)
  spec::TensorId output;
};

// Appends the tensors and nodes of `request` to `workload`.
// Throws ConfigError: a path that does not fit the einsum, an index summed in one operand alone, an existing tensor
// whose size differs from its operand's.
LoweredPath lower_path(spec::Workload& workload, const LowerRequest& request);

}  // namespace heat::offline
