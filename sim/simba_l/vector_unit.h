// Row operations of the global PE (spec/arithmetic.h). Plain functions.
#pragma once

#include <cstdint>

#include "spec/arithmetic.h"

namespace heat::simba {

// out[i] = softmax of row, times 127, from a table of 256 uint16 exponentials.
// `mask`: a byte a column, 0 for those that do not count; nullptr: all count.
void softmax_row(const std::int8_t* row, std::int64_t columns, const std::uint16_t* exp_table, const std::uint8_t* mask,
                 std::int8_t* out);

struct LayerNormFactors {
  std::int32_t multiplier_x = 1, multiplier_r = 0;
  int shift = 1;
};

// Layer norm of row * multiplier_x + residual * multiplier_r; `residual` may be null.
void layer_norm_row(const std::int8_t* row, const std::int8_t* residual, std::int64_t columns,
                    const LayerNormFactors& factors, const spec::LayerNormRecord* records, std::int8_t* out);

// Requantised sums over `parts` rows of 32-bit sums, one row after another in `in`. False: one does not fit 32 bits.
bool reduce_row(const std::int8_t* in, std::int64_t parts, std::int64_t columns, const spec::RequantRecord* records,
                std::int8_t* out);

}  // namespace heat::simba
