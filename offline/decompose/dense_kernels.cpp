// Blocked matrix product after Goto and van de Geijn ("Anatomy of high-performance matrix multiplication", TOMS 2008):
// panels of A and B are packed, a register tile of C is updated by rank-1 steps. The tile is written with vector types
// and compiled for AVX-512, AVX2+FMA and the baseline; the processor decides at run time. Threads split the rows or the
// columns of C, never the sum over k, so that their number cannot change the result.
#include "offline/decompose/dense_kernels.h"

#include <algorithm>
#include <vector>

#include "base/jobs/parallel_for.h"

namespace heat::offline {
namespace {

constexpr std::int64_t kDepth = 256;      // k per packed panel
constexpr std::int64_t kRowsPacked = 96;  // rows of A per packed block (a multiple of every tile height)

// c[rows_of_tile, cols_of_tile] += sum over k of a[k, rows] * b[k, cols]; a and b packed, c with row stride ldc.
using TileFunction = void (*)(std::int64_t depth, const double* a, const double* b, double* c, std::int64_t ldc);

template <class Vector, int kRows, int kVectors>
[[gnu::always_inline]] inline void tile(std::int64_t depth, const double* a, const double* b, double* c,
                                        std::int64_t ldc) {
  constexpr int kWidth = sizeof(Vector) / sizeof(double);
  typedef Vector Unaligned __attribute__((aligned(8), may_alias));
  Vector sum[kRows][kVectors] = {};
  for (std::int64_t k = 0; k < depth; ++k) {
    Vector row[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) row[v] = *reinterpret_cast<const Unaligned*>(b + v * kWidth);
#pragma GCC unroll 8
    for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) sum[i][v] += a[i] * row[v];
    }
    a += kRows;
    b += kVectors * kWidth;
  }
#pragma GCC unroll 8
  for (int i = 0; i < kRows; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) *reinterpret_cast<Unaligned*>(c + i * ldc + v * kWidth) += sum[i][v];
  }
}

typedef double Double2 __attribute__((vector_size(16)));
typedef double Double4 __attribute__((vector_size(32)));
typedef double Double8 __attribute__((vector_size(64)));

void tile_baseline(std::int64_t depth, const double* a, const double* b, double* c, std::int64_t ldc) {
  tile<Double2, 4, 2>(depth, a, b, c, ldc);
}

struct Kernel {
  TileFunction run;
  int rows;
  int cols;
};

#if defined(__x86_64__)
[[gnu::target("avx2,fma")]] void tile_avx2(std::int64_t depth, const double* a, const double* b, double* c,
                                           std::int64_t ldc) {
  tile<Double4, 6, 2>(depth, a, b, c, ldc);
}
[[gnu::target("avx512f")]] void tile_avx512(std::int64_t depth, const double* a, const double* b, double* c,
                                            std::int64_t ldc) {
  tile<Double8, 8, 3>(depth, a, b, c, ldc);
}
Kernel choose_kernel() {
  if (__builtin_cpu_supports("avx512f")) return {tile_avx512, 8, 24};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {tile_avx2, 6, 8};
  return {tile_baseline, 4, 4};
}
#else
Kernel choose_kernel() {
  return {tile_baseline, 4, 4};
}
#endif

const Kernel& kernel() {
  static const Kernel chosen = choose_kernel();
  return chosen;
}

// Packs a[rows, depth] at (i0, k0) into slivers of `height` rows, k-major, zero-padded. Its parameters are the place
// and size of the block, in the order of the loops around it.
void pack_a(const MatrixView& a, std::int64_t i0, std::int64_t rows, std::int64_t k0, std::int64_t depth, int height,
            double* out) {
  for (std::int64_t i = 0; i < rows; i += height) {
    const std::int64_t live = std::min<std::int64_t>(height, rows - i);
    for (std::int64_t r = 0; r < height; ++r) {
      const double* source = a.data + (i0 + i + r) * a.row_stride + k0 * a.col_stride;
      for (std::int64_t k = 0; k < depth; ++k) out[k * height + r] = r < live ? source[k * a.col_stride] : 0.0;
    }
    out += depth * height;
  }
}

// Packs b[depth, cols] at (k0, j0) into slivers of `width` columns, k-major, zero-padded. Its parameters as pack_a's.
void pack_b(const MatrixView& b, std::int64_t k0, std::int64_t depth, std::int64_t j0, std::int64_t cols, int width,
            double* out) {
  for (std::int64_t j = 0; j < cols; j += width) {
    const std::int64_t live = std::min<std::int64_t>(width, cols - j);
    for (std::int64_t k = 0; k < depth; ++k) {
      const double* source = b.data + (k0 + k) * b.row_stride + (j0 + j) * b.col_stride;
      double* target = out + k * width;
      for (std::int64_t c = 0; c < live; ++c) target[c] = source[c * b.col_stride];
      for (std::int64_t c = live; c < width; ++c) target[c] = 0.0;
    }
    out += depth * width;
  }
}

// One tile at the matrix's edge goes through a scratch tile so that the kernel always runs in full. The kernel's
// parameters and the live part of the tile.
void run_tile(const Kernel& k, std::int64_t depth, const double* a, const double* b, double* c, std::int64_t ldc,
              std::int64_t rows, std::int64_t cols) {
  if (rows == k.rows && cols == k.cols) return k.run(depth, a, b, c, ldc);
  double scratch[8 * 24] = {};
  for (std::int64_t i = 0; i < rows; ++i) std::copy_n(c + i * ldc, cols, scratch + i * k.cols);
  k.run(depth, a, b, scratch, k.cols);
  for (std::int64_t i = 0; i < rows; ++i) std::copy_n(scratch + i * k.cols, cols, c + i * ldc);
}

enum Buffer { kPackedA, kPackedB };

// A thread's buffer of at least that size, unset: fresh memory would cost small products more than their work.
double* scratch(Buffer which, std::int64_t size) {
  thread_local std::vector<double> buffers[2];
  std::vector<double>& buffer = buffers[which];
  if (static_cast<std::int64_t>(buffer.size()) < size) buffer.resize(static_cast<std::size_t>(size));
  return buffer.data();
}

// The block [i0, i1) x [j0, j1) of C on this thread: operands and bounds are all its parameters.
void multiply_block(const MatrixView& a, const MatrixView& b, double* c, std::int64_t i0, std::int64_t i1,
                    std::int64_t j0, std::int64_t j1) {
  const Kernel& k = kernel();
  const std::int64_t ldc = b.cols, depth_total = a.cols;
  const std::int64_t cols_padded = (j1 - j0 + k.cols - 1) / k.cols * k.cols;
  double* packed_b = scratch(kPackedB, std::min(kDepth, depth_total) * cols_padded);
  double* packed_a = scratch(kPackedA, std::min(kDepth, depth_total) * (kRowsPacked + 8));
  for (std::int64_t i = i0; i < i1; ++i) std::fill_n(c + i * ldc + j0, j1 - j0, 0.0);
  for (std::int64_t k0 = 0; k0 < depth_total; k0 += kDepth) {
    const std::int64_t depth = std::min(kDepth, depth_total - k0);
    pack_b(b, k0, depth, j0, j1 - j0, k.cols, packed_b);
    for (std::int64_t ib = i0; ib < i1; ib += kRowsPacked) {
      const std::int64_t rows = std::min(kRowsPacked, i1 - ib);
      pack_a(a, ib, rows, k0, depth, k.rows, packed_a);
      for (std::int64_t j = j0; j < j1; j += k.cols) {
        for (std::int64_t i = 0; i < rows; i += k.rows) {
          run_tile(k, depth, packed_a + i * depth, packed_b + (j - j0) * depth, c + (ib + i) * ldc + j, ldc,
                   std::min<std::int64_t>(k.rows, rows - i), std::min<std::int64_t>(k.cols, j1 - j));
        }
      }
    }
  }
}

}  // namespace

void parallel_ranges(std::int64_t count, std::int64_t grain, int threads,
                     const std::function<void(std::int64_t, std::int64_t)>& body) {
  if (count <= 0) return;
  const std::int64_t most = base::thread_count(threads);
  const std::int64_t parts = std::clamp<std::int64_t>(count / std::max<std::int64_t>(grain, 1), 1, most);
  base::parallel_for(static_cast<std::size_t>(parts), threads, [&](std::size_t part, int) {
    const auto p = static_cast<std::int64_t>(part);
    body(count * p / parts, count * (p + 1) / parts);
  });
}

void multiply(const MatrixView& a, const MatrixView& b, double* c, int threads) {
  const std::int64_t m = a.rows, n = b.cols, k = a.cols;
  if (m == 0 || n == 0) return;
  constexpr std::int64_t kWorkPerThread = 4'000'000;  // multiply-adds below which a thread does not pay
  const bool split_rows = m >= n;
  const std::int64_t count = split_rows ? m : n;
  const std::int64_t grain = std::max<std::int64_t>(32, kWorkPerThread / std::max<std::int64_t>(1, m * n * k / count));
  parallel_ranges(count, grain, threads, [&](std::int64_t begin, std::int64_t end) {
    if (split_rows)
      multiply_block(a, b, c, begin, end, 0, n);
    else
      multiply_block(a, b, c, 0, m, begin, end);
  });
}

}  // namespace heat::offline
