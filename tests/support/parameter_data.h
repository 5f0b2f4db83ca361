// Parameter tensors for tests, in the byte layout of spec/arithmetic.h.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/support/random.h"

namespace heat::test_support {

// `channels` requantisation records that spread `sums` over int8: 127 is two to three deviations, with small biases.
std::vector<std::int8_t> requant_records(const std::vector<std::int32_t>& sums, std::int64_t channels, Random& random);
// The 256 bytes of a GELU on q / 32.
std::vector<std::int8_t> gelu_table();
// The 256 x uint16 of exp(-0.03 i), 65535 at 0.
std::vector<std::int8_t> exp_table();
// A byte a column: zeros and ones, one 1 at least.
std::vector<std::int8_t> padding_mask(std::int64_t columns, Random& random);
// One layer-norm record a column; some gammas are negative and some betas too.
std::vector<std::int8_t> layer_norm_records(std::int64_t columns, int shift, Random& random);

}  // namespace heat::test_support
