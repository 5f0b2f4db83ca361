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

// What plans of a chain are considered.
struct FusionSpace {
  int max_run = 6;                // nodes in a fused run
  std::vector<spec::Home> homes;  // given before the search
  int chiplets = 0;               // that take part; 0: all
};

struct FusionResult {
  bool feasible = false;
  std::string reason;
  std::vector<spec::FusedGroup> groups;  // of the chain, in order, complete with predictions
  double cycles = 0, energy_pj = 0;
};

// Partitions `chain` (consecutive nodes, in order of execution) into contiguous groups, by dynamic programming over
// runs. A run can be fused when all its nodes can bind the same index with the same extent and its inner tensors are used
// inside it only (kind kIntermediate) or at home across groups, and hold the index outermost, or not at all. What comes
// before a row operation in a run may run a step ahead. A GEMM alone may walk over any of its dimensions. No group runs
// while homes overlap. The plan's objective is never worse than that of every node in a group of its own (max_run 1).
// Deterministic.
FusionResult plan_fusion(const spec::Workload& workload, const std::vector<ChainNode>& chain, const Machine& machine,
                         const SearchOptions& options, SearchCache* cache = nullptr, const FusionSpace& space = {});

}  // namespace heat::offline::mapper
