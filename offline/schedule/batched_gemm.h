// A two-operand einsum as one batched GEMM over strided views.
#pragma once

#include <map>
#include <vector>

#include "spec/einsum.h"
#include "spec/workload.h"

namespace heat::offline {

// A tensor as an operand of an einsum: dense row-major in the order of `indices` (`strides` then is empty), or with the
// byte stride of each index stated.
struct GemmOperand {
  spec::TensorId tensor;
  std::vector<spec::Index> indices;
  std::vector<std::int64_t> strides;
};

// out[b, m, n] = sum_k weight[b, m, k] * input[b, n, k], with the index groups of spec::gemm_indices (b, m, n in the
// output's order, k in the input's). The epilogue stays at its defaults.
// Throws ConfigError when an index is summed in one operand alone and above 2^53 MACs.
spec::GemmNode batched_gemm(const GemmOperand& weight, const GemmOperand& input, const GemmOperand& output,
                            const std::map<spec::Index, std::int64_t>& sizes);

// Row-major byte strides of an int8 tensor whose axes are `indices`.
std::vector<std::int64_t> dense_strides(const std::vector<spec::Index>& indices,
                                        const std::map<spec::Index, std::int64_t>& sizes);

}  // namespace heat::offline
