// Shares and steps partition the loop's extent exactly, whatever the numbers.
#include "machines/simba/step_geometry.h"

#include <gtest/gtest.h>

#include "spec/schedule.h"
#include "tests/support/random.h"

namespace heat::machines::simba {
namespace {

TEST(StepGeometry, SharesAndStepsVisitEveryValueOnceInOrder) {
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

TEST(StepGeometry, ChipletsPastTheEndHaveNothing) {
  // 9 values over 4 chiplets: 3, 3, 3, 0
  EXPECT_EQ(chiplet_share(9, 4, 2).size(), 3);
  EXPECT_EQ(chiplet_share(9, 4, 3).size(), 0);
  EXPECT_EQ(steps_of(0, 5), 0);
}

TEST(StepGeometry, ExtentsScaleAlongTheBoundDimensionOnly) {
  spec::GemmNode gemm;
  gemm.extents = {2, 30, 48, 7};  // n = 12 tokens x 4
  EXPECT_EQ(spec::step_extents(gemm, spec::LoopDim::kN, 12, 5), (spec::Extents{2, 30, 20, 7}));
  EXPECT_EQ(spec::step_extents(gemm, spec::LoopDim::kM, 10, 1), (spec::Extents{2, 3, 48, 7}));
  EXPECT_EQ(spec::step_extents(gemm, spec::LoopDim::kB, 2, 2), gemm.extents);
}

TEST(StepGeometry, CeilDivAtBothEdges) {
  EXPECT_EQ(base::ceil_div(0, 4), 0);
  EXPECT_EQ(base::ceil_div(1, 4), 1);
  EXPECT_EQ(base::ceil_div(4, 4), 1);
  EXPECT_EQ(base::ceil_div(5, 4), 2);
}

}  // namespace
}  // namespace heat::machines::simba
