// The bins are compared with a sum cycle by cycle.
#include "sim/simba_l/activity.h"

#include <gtest/gtest.h>

namespace heat::simba {
namespace {

double integral(const std::vector<FlowSample>& samples) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < samples.size(); ++i)
    sum += samples[i].value * static_cast<double>(samples[i + 1].cycle - samples[i].cycle);
  return sum;
}

TEST(Activity, ShortRunThenEveryCycleHasItsOwnValue) {
  Activity a(true, 1);
  a.add(spec::ChipletId(0), Flow::kMac, 3, 5, 10);
  a.add(spec::ChipletId(0), Flow::kMac, 4, 5, 1);
  a.add(spec::ChipletId(0), Flow::kMac, 7, 7, 2);  // at once
  const auto s = a.samples(9);
  ASSERT_EQ(s.size(), 6u);
  const std::int64_t cycles[] = {0, 3, 4, 5, 7, 8};
  const double values[] = {0, 5, 6, 0, 2, 0};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(s[i].cycle, cycles[i]);
    EXPECT_EQ(s[i].value, values[i]);
    EXPECT_EQ(s[i].chiplet, spec::ChipletId(0));
  }
}

TEST(Activity, LongRunThenBinsWidenAndTheAmountStays) {
  const std::int64_t end = 100'000;
  Activity a(true, 2);
  std::vector<double> cycles(static_cast<std::size_t>(end), 0.0);
  double total = 0;
  std::uint64_t x = 1;
  for (int i = 0; i < 500; ++i) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    const std::int64_t start = i * (end - 3000) / 500, length = 1 + static_cast<std::int64_t>((x >> 33) % 2999);
    a.add(spec::ChipletId(1), Flow::kNoc, start, start + length, 64);
    for (std::int64_t c = start; c < start + length; ++c)
      cycles[static_cast<std::size_t>(c)] += 64.0 / static_cast<double>(length);
    total += 64;
  }
  EXPECT_EQ(a.bin_cycles(), 256);  // the smallest power of two of which 512 cover the run
  const auto s = a.samples(end);
  EXPECT_LE(s.size(), Activity::kBins + 1);
  EXPECT_NEAR(integral(s), total, 1e-9 * total);
  for (std::size_t i = 0; i + 1 < s.size(); ++i) {
    double naive = 0;
    for (std::int64_t c = s[i].cycle; c < s[i + 1].cycle; ++c) naive += cycles[static_cast<std::size_t>(c)];
    EXPECT_NEAR(s[i].value * static_cast<double>(s[i + 1].cycle - s[i].cycle), naive, 1e-6);
  }
}

TEST(Activity, PackageFlowsThenOneSeriesWhoeverAdds) {
  Activity a(true, 4);
  a.add(spec::ChipletId(3), Flow::kDramRead, 0, 10, 100);
  a.add({}, Flow::kDramRead, 0, 10, 50);
  const auto s = a.samples(10);
  ASSERT_EQ(s.size(), 2u);
  EXPECT_EQ(s[0].chiplet, spec::ChipletId(-1));
  EXPECT_DOUBLE_EQ(s[0].value, 15);
  EXPECT_EQ(s[1].value, 0);
}

TEST(Activity, DisabledThenNothingIsKept) {
  Activity a(false, 4);
  a.add(spec::ChipletId(0), Flow::kMac, 0, 10, 100);
  EXPECT_TRUE(a.samples(10).empty());
}

}  // namespace
}  // namespace heat::simba
