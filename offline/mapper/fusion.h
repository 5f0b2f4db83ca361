// Fusion: which runs of a chain of nodes execute as one group, with the tensors between them in the global buffer.
#pragma once

#include <vector>

#include "offline/mapper/search.h"

namespace heat::offline::mapper {

struct FusionResult {
  bool feasible = false;
  std::string reason;
  double cycles = 0, energy_pj = 0;
  double unfused_cycles = 0, unfused_energy_pj = 0;  // every node a group of its own
  int groups = 0;                                    // appended to the schedule
  std::vector<int> in_global_buffer;                 // tensors whose home became the global buffer
};

// Partitions `chain` (consecutive positions in Schedule::nodes, in order of execution, not yet in a group) into
// contiguous groups, by dynamic programming over runs, and appends them to the schedule with homes, steps, pins and
// mappings filled. A run can be fused when all its nodes bind the same index with the same extent and its inner tensors
// are used inside it only (kind kIntermediate) and hold the index outermost, or not at all. The plan's objective is
// never worse than the unfused plan's, which is always a candidate. Deterministic. max_run bounds the length of a fused
// run.
FusionResult plan_fusion(spec::Schedule& schedule, const std::vector<int>& chain, const Machine& machine,
                         const SearchOptions& options, SearchCache* cache = nullptr, int max_run = 6);

}  // namespace heat::offline::mapper
