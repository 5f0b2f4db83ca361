// From a contraction path to the nodes of a schedule: tensors with layouts, and one batched GEMM a pairwise step.
//
// Roles. Each step is a GEMM of a weight operand (stationary in the PEs, m on the lanes) and an input operand
// (broadcast). The weight is the static operand, or the one without the token index; when both or neither hold it, the
// second of the step. The roles are exchanged when that at least halves the compute cycles of a 16 x 16 PE, which
// happens to steps whose only output index beside the batch is the token: then the tokens take the lanes (m).
//
// Layouts, decided from the last node back to the first:
//  - the result has the order of the einsum's output;
//  - an intermediate has the order its consumer reads: [token, if it holds it], the consumer's b, the consumer's m or
//    n, then the consumer's k innermost; within k, what the producer runs over in n comes before what it has in m, so
//    that neighbouring output channels are neighbouring bytes;
//  - a static operand that the request leaves to us (LowerOperand::tensor < 0) likewise, and the order chosen is
//    reported (LoweredPath::operands): whoever writes the data permutes it so;
//  - an operand that exists already is seen as dense row-major in the order of its indices in the einsum.
//
// Order of nodes: steps that do not depend on the token come first (in path order), then the others (in path order).
//
// Bound index: the token where a node holds it (in n; in m after an exchange; in b when both operands hold it), else
// the leading index of the largest of the node's b, m, n.
//
// Intermediates get Home::kDram; plan_fusion decides which of them stay in the global buffer. Mappings stay at their
// defaults (map_group or plan_fusion fills them). Addresses stay -1 (assign_dram_addresses).
#pragma once

#include <string>
#include <vector>

#include "spec/einsum.h"
#include "spec/schedule.h"

namespace heat::offline::mapper {

// One operand of the einsum.
struct LowerOperand {
  std::string name;                                   // of the tensor, when it is made here
  spec::TensorKind kind = spec::TensorKind::kWeight;  // kWeight: static
  int tensor = -1;                                    // existing tensor, or -1: append one, layout chosen here
};

struct LowerRequest {
  spec::Einsum einsum;
  spec::ContractionPath path;          // empty steps are allowed for two operands: one step
  std::vector<LowerOperand> operands;  // as many as the einsum's
  std::string layer;                   // node names are "<layer>/1", "<layer>/2", ...; a single node is "<layer>"
  std::string output_name;             // name of the result's tensor, when it is made here
  spec::TensorKind output_kind = spec::TensorKind::kIntermediate;
  int output_tensor = -1;      // existing tensor, or -1: append one
  spec::Index token = "t";     // the index the group loop runs over
  bool exchange_roles = true;  // false: the weight is always the static operand
};

// Where an operand's elements lie.
struct LoweredOperand {
  int tensor = -1;
  std::vector<spec::Index> order;  // axes of the tensor, outermost first
};

struct LoweredPath {
  std::vector<int> nodes;                // positions in Schedule::nodes, in order of execution
  std::vector<LoweredOperand> operands;  // one an operand of the einsum
  std::vector<int> intermediates;        // tensors made for inner results, by node (all nodes but the last)
  int output = -1;
};

// Appends the tensors and nodes of `request` to `schedule` (no group is made).
// Throws ConfigError: a path that does not fit the einsum, an index summed in one operand alone, an existing tensor
// whose size differs from its operand's.
LoweredPath lower_path(spec::Schedule& schedule, const LowerRequest& request);

// Gives every tensor that lives in DRAM and has no address the next free one, aligned to `alignment` (a multiple of
// 64).
void assign_dram_addresses(spec::Schedule& schedule, std::int64_t alignment = 64);

}  // namespace heat::offline::mapper
