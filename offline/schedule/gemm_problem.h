// One plain batched GEMM, for the map command, tests and experiments.
#pragma once

#include <cstdint>

#include "spec/plan.h"

namespace heat::offline {

// out[t, h, o] = sum_c weight[h, o, c] * input[t, h, c]: m outputs, k inputs, n tokens, b batches.
struct GemmSize {
  std::int64_t m = 1, k = 1, n = 1, b = 1;
};

// A workload of one node, and the group that is to be mapped.
struct GemmProblem {
  spec::Workload workload;
  spec::FusedGroup group;
};

// The group loops over `bound`'s index (t for kN, o for kM, h for kB), which is outermost in the tensors that hold it.
// With `requantised`, a tensor of requantisation records comes with it, as the simulator wants it.
GemmProblem gemm_problem(const GemmSize& size, spec::LoopDim bound, bool requantised = false);

}  // namespace heat::offline
