// Shares and steps partition the loop's extent exactly, whatever the numbers.
#include "machines/simba/shares.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "base/checked.h"
#include "spec/schedule.h"
#include "tests/support/random.h"

namespace heat::machines::simba {
namespace {

TEST(Shares, SharesAndStepsVisitEveryValueOnceInOrder) {
  test_support::Random random(11);
  for (int trial = 0; trial < 2000; ++trial) {
    const std::int64_t extent = random.between(1, 200), step = random.between(1, 60);
    const int chiplets = static_cast<int>(random.between(1, 40));
    std::int64_t next = 0;
    for (int c = 0; c < chiplets; ++c) {
      const IndexRange share = chiplet_share(extent, chiplets, c);
      ASSERT_GE(share.size(), 0);
      ASSERT_LE(share.size(), (extent + chiplets - 1) / chiplets);
      for (std::int64_t s = 0; s < steps_of(share.size(), step); ++s) {
        const IndexRange range = step_range(share, step, s);
        ASSERT_EQ(range.begin, next);
        ASSERT_GE(range.size(), 1);
        ASSERT_LE(range.size(), step);
        next = range.end;
      }
      ASSERT_EQ(next, std::min(extent, share.end));
    }
    ASSERT_EQ(next, extent) << extent << " over " << chiplets << " in steps of " << step;
  }
}

TEST(Shares, ChipletsPastTheEndHaveNothing) {
  // 9 values over 4 chiplets: 3, 3, 3, 0
  EXPECT_EQ(chiplet_share(9, 4, 2).size(), 3);
  EXPECT_EQ(chiplet_share(9, 4, 3).size(), 0);
  EXPECT_EQ(steps_of(0, 5), 0);
}

TEST(Shares, FullAndPartialChipletsAreThoseOfTheShares) {
  test_support::Random random(12);
  for (int trial = 0; trial < 500; ++trial) {
    const std::int64_t extent = random.between(1, 300);
    const int chiplets = static_cast<int>(random.between(1, 40));
    const Shares shares(extent, chiplets);
    for (int c = 0; c < chiplets; ++c)
      EXPECT_EQ(chiplet_share(extent, chiplets, c).size(), c < shares.full    ? shares.share
                                                           : c == shares.full ? shares.partial
                                                                              : 0);
  }
}

TEST(Shares, PiecesThenTheLastIsSmallerAndThereAreNoneBehindIt) {
  EXPECT_EQ(simba_pieces(10, 4), 3);
  EXPECT_EQ(simba_piece_size(10, 4, 0), 4);
  EXPECT_EQ(simba_piece_size(10, 4, 2), 2);
  EXPECT_EQ(simba_piece_size(10, 4, 3), 0);
  EXPECT_EQ(simba_piece_size(12, 4, 2), 4);
  EXPECT_EQ(simba_piece_size(0, 4, 0), 0);
}

TEST(Shares, PesOfASplitAreNumberedOnceEach) {
  std::vector<std::int64_t> numbers;
  for (int b = 0; b < 2; ++b)
    for (int m = 0; m < 3; ++m)
      for (int n = 0; n < 5; ++n)
        for (int k = 0; k < 4; ++k) numbers.push_back(simba_pe(simba_output_tile(b, m, n, 3, 5), k, 4));
  std::vector<std::int64_t> expected(2 * 3 * 5 * 4);  // k innermost, then n, m, b
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(numbers, expected);
}

TEST(Shares, ExtentsScaleAlongTheBoundDimensionOnly) {
  spec::GemmNode gemm;
  gemm.extents = {2, 30, 48, 7};  // n = 12 tokens x 4
  EXPECT_EQ(spec::step_extents(gemm, spec::LoopDim::kN, 12, 5), (spec::Extents{2, 30, 20, 7}));
  EXPECT_EQ(spec::step_extents(gemm, spec::LoopDim::kM, 10, 1), (spec::Extents{2, 3, 48, 7}));
  EXPECT_EQ(spec::step_extents(gemm, spec::LoopDim::kB, 2, 2), gemm.extents);
}

TEST(Shares, CeilDivAtBothEdges) {
  EXPECT_EQ(base::ceil_div(0, 4), 0);
  EXPECT_EQ(base::ceil_div(1, 4), 1);
  EXPECT_EQ(base::ceil_div(4, 4), 1);
  EXPECT_EQ(base::ceil_div(5, 4), 2);
}

}  // namespace
}  // namespace heat::machines::simba
