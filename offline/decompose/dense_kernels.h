// Matrix products for the decompositions: row-major doubles, wide vectors chosen at run time, threads that do not
// change a bit of the result.
#pragma once

#include <cstdint>
#include <functional>

namespace heat::offline {

// A strided read-only matrix: element (i, j) is data[i * row_stride + j * col_stride].
struct MatrixView {
  const double* data;
  std::int64_t rows;
  std::int64_t cols;
  std::int64_t row_stride;
  std::int64_t col_stride;
};

// Row-major [rows, cols], and its transpose without a copy.
inline MatrixView row_major(const double* data, std::int64_t rows, std::int64_t cols) {
  return {data, rows, cols, cols, 1};
}
inline MatrixView transposed(const MatrixView& m) {
  return {m.data, m.cols, m.rows, m.col_stride, m.row_stride};
}

// c[m, n] = a[m, k] * b[k, n], c row-major and packed. Every element is summed over k in one order, whatever `threads`.
void multiply(const MatrixView& a, const MatrixView& b, double* c, int threads);

// Runs body(begin, end) on disjoint ranges that cover [0, count), on up to `threads` threads (0: all cores).
void parallel_ranges(std::int64_t count, std::int64_t grain, int threads,
                     const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace heat::offline
