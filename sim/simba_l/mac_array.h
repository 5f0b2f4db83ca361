// The vector MACs of a PE: multiply-accumulate of one PE tile. Plain function, exact in int32.
#pragma once

#include <cstdint>

namespace heat::simba {

// Elements of a PE tile.
struct PeTile {
  std::int64_t b = 1, m = 1, n = 1, k = 1;
};

// sums[b, m, n] (+)= sum_k weight[b, m, k] * input[b, n, k], all dense. `first`: starts new sums. Operands are int8
// values held as int16 (the form in which compilers vectorise the products).
void multiply_accumulate(const std::int16_t* weight, const std::int16_t* input, std::int32_t* sums, const PeTile& tile,
                         bool first);

}  // namespace heat::simba
