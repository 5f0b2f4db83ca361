// Which operands a group could pin in the global buffer.
#pragma once

#include <vector>

#include "spec/plan.h"

namespace heat::offline::mapper {

// Pinned whole, and shares that are pinned or not beside them.
struct PinChoice {
  std::vector<spec::TensorId> whole, shares;
  std::vector<std::vector<spec::TensorId>> sets() const;  // without shares and, if there are any, with them
};

// The sets of operands to try, best first. A GEMM alone: nothing, then each operand that streams from DRAM, by itself.
// Several nodes: all that all chiplets read whole, all but the largest of them, nothing; each with the operands of
// which every chiplet has a share that is one block (the group's index is their outermost axis for every reader).
std::vector<PinChoice> pin_choices(const spec::Workload& workload, const spec::FusedGroup& group);

}  // namespace heat::offline::mapper
