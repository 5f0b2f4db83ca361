// Dot products along k, four inputs against two weight rows at a time so that every vector that is loaded is used often.
// int16 products summed in pairs are one instruction on x86 (pmaddwd); AVX2 is chosen at run time where there is one.
#include "sim/simba_l/mac_array.h"

namespace heat::simba {
namespace {

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
#define HEAT_CLONES __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define HEAT_CLONES
#endif

// sums[i * n + j] += dot(w + i * k, x + j * k) for i in [0, 2), j in [0, 4).
HEAT_CLONES
void eight_dots(const std::int16_t* w, const std::int16_t* x, std::int64_t k, std::int32_t* sums, std::int64_t n) {
  std::int32_t s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  for (std::int64_t i = 0; i < k; ++i) {
    const std::int32_t w0 = w[i], w1 = w[k + i], x0 = x[i], x1 = x[k + i], x2 = x[2 * k + i], x3 = x[3 * k + i];
    s00 += w0 * x0;
    s01 += w0 * x1;
    s02 += w0 * x2;
    s03 += w0 * x3;
    s10 += w1 * x0;
    s11 += w1 * x1;
    s12 += w1 * x2;
    s13 += w1 * x3;
  }
  const std::int32_t found[2][4] = {{s00, s01, s02, s03}, {s10, s11, s12, s13}};
  for (std::int64_t i = 0; i < 2; ++i)
    for (std::int64_t j = 0; j < 4; ++j) sums[i * n + j] += found[i][j];
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
    for (std::int64_t m = 0; m < tile.m; m += 2) {
      const std::int16_t* w = weight + (b * tile.m + m) * tile.k;
      const std::int16_t* x = input + b * tile.n * tile.k;
      std::int32_t* row = sums + (b * tile.m + m) * tile.n;
      const bool two = m + 1 < tile.m;
      std::int64_t n = 0;
      for (; two && n + 4 <= tile.n; n += 4) eight_dots(w, x + n * tile.k, tile.k, row + n, tile.n);
      for (; n < tile.n; ++n)
        for (std::int64_t i = 0; i < (two ? 2 : 1); ++i)
          row[i * tile.n + n] += dot(w + i * tile.k, x + n * tile.k, tile.k);
    }
}

}  // namespace heat::simba
