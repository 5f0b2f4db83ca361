#include "machines/simba/view_runs.h"

#include <gtest/gtest.h>

#include "offline/schedule/batched_gemm.h"

namespace heat::machines::simba {
namespace {

// 64-byte bursts that the rows of a box touch, summed over every box of the tiling.
double naive_burst_bytes(std::int64_t rows, std::int64_t columns, std::int64_t row_tile, std::int64_t column_tile) {
  double bursts = 0;
  for (std::int64_t r = 0; r + row_tile <= rows; r += row_tile)
    for (std::int64_t c = 0; c + column_tile <= columns; c += column_tile) {
      if (column_tile == columns) {
        const std::int64_t begin = r * columns, end = (r + row_tile) * columns;
        bursts += static_cast<double>((end + 63) / 64 - begin / 64);
        continue;
      }
      for (std::int64_t i = r; i < r + row_tile; ++i) {
        const std::int64_t begin = i * columns + c, end = begin + column_tile;
        bursts += static_cast<double>((end + 63) / 64 - begin / 64);
      }
    }
  return 64 * bursts;
}

ViewRuns matrix(std::int64_t rows, std::int64_t columns) {
  spec::TensorView view;
  view.dims = {{"r", rows, columns}, {"c", columns, 1}};
  return ViewRuns(view, {1, rows, columns});
}

TEST(ViewRuns, WhenStartsSweepEveryAlignmentThenTheMeanIsExact) {
  for (const auto& [rows, columns, row_tile, column_tile] : {std::array<std::int64_t, 4>{64, 768, 16, 192},
                                                             {64, 63, 1, 63},
                                                             {64, 65, 4, 65},
                                                             {64, 96, 8, 96},
                                                             {128, 129, 2, 129}}) {
    const double tiles = static_cast<double>((rows / row_tile) * (columns / column_tile));
    EXPECT_DOUBLE_EQ(tiles * matrix(rows, columns).burst_bytes({1, row_tile, column_tile}),
                     naive_burst_bytes(rows, columns, row_tile, column_tile))
        << rows << "x" << columns << " in " << row_tile << "x" << column_tile;
  }
}

TEST(ViewRuns, WhenInnerDimensionIsWholeThenRowsMerge) {
  EXPECT_EQ(matrix(10, 24).accesses({1, 3, 24}, 32), 3);  // 72 bytes in one run
  EXPECT_EQ(matrix(10, 24).accesses({1, 3, 12}, 32), 3);  // three runs of 12
}

TEST(ViewRuns, WhenAGroupHasTwoStretchesThenRunsEndAtTheInnerOne) {
  // Tensor t a b r (row-major) read with k = (a, r): a strides over b.
  spec::TensorView view;
  view.dims = {{"t", 5, 3 * 4 * 8}, {"a", 3, 4 * 8}, {"r", 8, 1}};
  const ViewRuns runs(view, {1, 5, 24});
  EXPECT_EQ(runs.accesses({1, 1, 24}, 8), 3);  // three stretches of 8 bytes
  EXPECT_EQ(runs.accesses({1, 2, 16}, 8), 4);
  EXPECT_EQ(runs.accesses({1, 1, 4}, 8), 1);
}

// Features m inside the tokens t that one node walks, written to a tensor whose innermost axis is t.
TEST(ViewRuns, WhenASmallerStrideLiesOutsideALargerOneThenRunsFollowTheSmaller) {
  spec::TensorView view;
  view.dims = {{"f", 6, 96 * 2}, {"t", 96, 1}, {"m", 2, 96}};
  const ViewRuns runs(view, {1, 6, 192});
  EXPECT_EQ(runs.accesses({1, 1, 192}, 32), 6);   // t and m: 192 bytes in one run
  EXPECT_EQ(runs.accesses({1, 6, 192}, 32), 36);  // the whole tensor
  EXPECT_EQ(runs.accesses({1, 1, 64}, 32), 2);    // 32 tokens of both m
  EXPECT_EQ(runs.accesses({1, 3, 64}, 32), 6);    // of three f
  EXPECT_EQ(runs.requests({1, 1, 64}, 1024), 2);  // a block lies between them
  EXPECT_EQ(runs.burst_bytes({1, 6, 192}), 6 * 192);
  EXPECT_EQ(runs.burst_bytes({1, 6, 64}), 6 * 2 * 64);  // 32 bytes each, at multiples of 32: a block of their own
}

// Runs of one group lie between those of another: the blocks are those that the bytes fill, not fewer than none.
TEST(ViewRuns, WhenRunsInterleaveThenBlocksAreThoseTheViewCovers) {
  spec::TensorView view;
  view.dims = {{"x", 7, 5}, {"y", 5, 7}};  // all bytes from 0 to 58, some twice
  EXPECT_EQ(ViewRuns(view, {1, 7, 5}).burst_bytes({1, 7, 5}), 64.0 * (1 + 58.0 / 64));  // the mean over 64 starts
  for (std::int64_t x = 1; x <= 7; ++x)
    for (std::int64_t y = 1; y <= 5; ++y) {
      const ViewRuns runs(view, {1, 7, 5});
      EXPECT_GE(runs.burst_bytes({1, x, y}), static_cast<double>(x * y));
      EXPECT_LE(runs.burst_bytes({1, x, y}), 128);
      EXPECT_GE(runs.requests({1, x, y}, 1024), 1);
    }
}

TEST(ViewRuns, WhenNothingIsContiguousThenEveryElementIsAnAccess) {
  spec::TensorView view;
  view.dims = {{"x", 4, 10}, {"y", 5, 40}};
  EXPECT_EQ(ViewRuns(view, {1, 4, 5}).accesses({1, 4, 5}, 32), 20);
}

}  // namespace
}  // namespace heat::machines::simba
