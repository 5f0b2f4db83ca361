#include "offline/train/text_batches.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace heat::offline {
namespace {

std::vector<std::uint32_t> some_lengths() {
  std::vector<std::uint32_t> lengths;
  for (std::uint32_t i = 0; i < 1000; ++i) lengths.push_back(3 + (i * 7919) % 40);
  return lengths;
}

void expect_each_once(const BatchPlan& plan, std::size_t n) {
  std::vector<std::uint32_t> all;
  for (const auto& batch : plan) all.insert(all.end(), batch.begin(), batch.end());
  std::sort(all.begin(), all.end());
  ASSERT_EQ(all.size(), n);
  for (std::uint32_t i = 0; i < n; ++i) EXPECT_EQ(all[i], i);
}

TEST(PlanEpoch, EveryTextOnceWithinTheTokenBudget) {
  const auto lengths = some_lengths();
  const BatchPlan plan = plan_epoch(lengths, 256, 1, 0);
  expect_each_once(plan, lengths.size());
  std::int64_t padded = 0, real = 0;
  for (const auto& batch : plan) {
    std::uint32_t longest = 0;
    for (std::uint32_t i : batch) longest = std::max(longest, lengths[i]), real += lengths[i];
    EXPECT_LE(longest * batch.size(), 256u);
    padded += static_cast<std::int64_t>(longest * batch.size());
  }
  EXPECT_LT(padded, real * 1.1);
}

TEST(PlanEpoch, DependsOnSeedAndEpochOnly) {
  const auto lengths = some_lengths();
  EXPECT_EQ(plan_epoch(lengths, 256, 1, 3), plan_epoch(lengths, 256, 1, 3));
  EXPECT_NE(plan_epoch(lengths, 256, 1, 3), plan_epoch(lengths, 256, 1, 4));
  EXPECT_NE(plan_epoch(lengths, 256, 1, 3), plan_epoch(lengths, 256, 2, 3));
}

TEST(PlanInOrder, LongestFirstAndLongerThanTheBudgetStandsAlone) {
  const auto lengths = some_lengths();
  const BatchPlan plan = plan_in_order(lengths, 16);
  expect_each_once(plan, lengths.size());
  EXPECT_EQ(plan[0].size(), 1u);
  EXPECT_EQ(lengths[plan[0][0]], 42u);
}

TEST(LimitTexts, EveryNthInOrderAndTheWholeWithoutALimit) {
  std::vector<int> texts(10);
  for (int i = 0; i < 10; ++i) texts[static_cast<std::size_t>(i)] = i;
  const auto limited = [&](std::int64_t limit) {
    std::vector<int> some = texts;
    limit_texts(some, limit);
    return some;
  };
  EXPECT_EQ(limited(5), (std::vector<int>{0, 2, 4, 6, 8}));
  EXPECT_EQ(limited(3), (std::vector<int>{0, 3, 6}));
  EXPECT_EQ(limited(9), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  for (std::int64_t all : {0, 10, 11}) EXPECT_EQ(limited(all), texts) << all;
}

}  // namespace
}  // namespace heat::offline
