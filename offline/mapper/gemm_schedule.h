// A schedule of one plain batched GEMM, for the map command, tests and experiments.
#pragma once

#include "spec/schedule.h"

namespace heat::offline::mapper {

// out[t, h, o] = sum_c weight[h, o, c] * input[t, h, c]: m outputs, k inputs, n tokens, b batches. One node in one
// group that loops over `bound`'s index (t for kN, o for kM, h for kB), which is outermost in the tensors that hold it.
// With `requantised`, a tensor of requantisation records comes with it, as the simulator wants it.
spec::Schedule gemm_schedule(std::int64_t m, std::int64_t k, std::int64_t n, std::int64_t b, spec::LoopDim bound,
                             const std::string& arch, bool requantised = false);

}  // namespace heat::offline::mapper
