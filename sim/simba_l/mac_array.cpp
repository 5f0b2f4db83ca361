// Dot products along k, four inputs against one weight row at a time so that a loaded weight vector is used four times.
// int16 products summed in pairs are one instruction on x86 (pmaddwd); AVX2 is chosen at run time where there is one.
#include "sim/simba_l/mac_array.h"

namespace heat::simba {
namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define HEAT_CLONES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define HEAT_CLONES
#endif

// sums[j] += dot(w, x + j * k) for j in [0, 4).
HEAT_CLONES
void four_dots(const std::int16_t* w, const std::int16_t* x, std::int64_t k, std::int32_t* sums) {
  std::int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int32_t v = w[i];
    s0 += v * x[i];
    s1 += v * x[k + i];
    s2 += v * x[2 * k + i];
    s3 += v * x[3 * k + i];
  }
  sums[0] += s0;
  sums[1] += s1;
  sums[2] += s2;
  sums[3] += s3;
}

HEAT_CLONES
std::int32_t dot(const std::int16_t* w, const std::int16_t* x, std::int64_t k) {
  std::int32_t sum = 0;
  for (std::int64_t i = 0; i < k; ++i) sum += static_cast<std::int32_t>(w[i]) * x[i];
  return sum;
}

}  // namespace

void multiply_accumulate(const std::int16_t* weight, const std::int16_t* input, std::int32_t* sums, const PeTile& tile,
                         bool first) {
  if (first)
    for (std::int64_t i = 0; i < tile.b * tile.m * tile.n; ++i) sums[i] = 0;
  for (std::int64_t b = 0; b < tile.b; ++b)
    for (std::int64_t m = 0; m < tile.m; ++m) {
      const std::int16_t* w = weight + (b * tile.m + m) * tile.k;
      const std::int16_t* x = input + b * tile.n * tile.k;
      std::int32_t* row = sums + (b * tile.m + m) * tile.n;
      std::int64_t n = 0;
      for (; n + 4 <= tile.n; n += 4) four_dots(w, x + n * tile.k, tile.k, row + n);
      for (; n < tile.n; ++n) row[n] += dot(w, x + n * tile.k, tile.k);
    }
}

}  // namespace heat::simba
