// Fusion: which runs of a chain of nodes execute as one group, with the tensors between them in the global buffer.
#pragma once

#include <string>
#include <vector>

#include "offline/mapper/search.h"

namespace heat::offline::mapper {

// A node of a chain, with the dimension whose leading index its group would loop over if it joins others.
struct ChainNode {
  spec::NodeId node;
  spec::LoopDim bound = spec::LoopDim::kN;
};

struct FusionResult {
  bool feasible = false;
  std::string reason;
  std::vector<spec::FusedGroup> groups;  // of the chain, in order, complete with predictions
  double cycles = 0, energy_pj = 0;
  double unfused_cycles = 0, unfused_energy_pj = 0;  // every node a group of its own
};

// Partitions `chain` (consecutive nodes, in order of execution) into contiguous groups, by dynamic programming over
// runs. A run can be fused when all its nodes bind the same index with the same extent and its inner tensors are used
// inside it only (kind kIntermediate) and hold the index outermost, or not at all. A GEMM alone may walk over any of
// its dimensions. The plan's objective is never worse than the unfused plan's, which is always a candidate.
// Deterministic. max_run bounds the length of a fused run.
FusionResult plan_fusion(const spec::Workload& workload, const std::vector<ChainNode>& chain, const Machine& machine,
                         const SearchOptions& options, SearchCache* cache = nullptr, int max_run = 6);

}  // namespace heat::offline::mapper
