#include "offline/decompose/rank_rules.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "offline/decompose/decomposition.h"
#include "tests/offline/decompose/test_matrices.h"

namespace heat::offline {
namespace {

const std::vector<std::pair<Method, TensorShape>> kTargets = {
    {Method::kCp, {{96}, {10, 12}}},     {Method::kSvd, {{96}, {120}}},
    {Method::kTucker, {{96}, {10, 12}}}, {Method::kTucker, {{8, 12}, {10, 12}}},
    {Method::kTtm, {{8, 12}, {10, 12}}}, {Method::kTtm, {{4, 4, 6}, {4, 5, 6}}}};

TEST(FittingRanks, AnyRatioThenWithinBudgetAndFeasible) {
  for (const auto& [method, shape] : kTargets)
    for (double ratio : {0.05, 0.1, 0.3, 0.5, 0.9}) {
      const RankChoice c = fitting_ranks(method, shape, ratio);
      EXPECT_LE(c.achieved_ratio, ratio);
      EXPECT_EQ(c.params, parameter_count(method, shape, c.ranks));
      EXPECT_EQ(feasible_ranks(c.ranks, method, shape), c.ranks);
    }
}

TEST(BestRanks, SameBudgetThenErrorNotAboveTheOtherRules) {
  const auto w = testing::formula_matrix(96, 120, 9);
  for (const auto& [method, shape] : kTargets) {
    const RankChoice best = best_ranks(w, method, shape, 0.3);
    EXPECT_LE(best.achieved_ratio, 0.3);
    const double error = decompose(w, method, shape, best.ranks).relative_error;
    // The rules compare starting errors; the iteration may move by a little.
    EXPECT_LE(error, decompose(w, method, shape, fitting_ranks(method, shape, 0.3).ranks).relative_error * 1.005);
  }
}

TEST(BestRanks, TuckerOfTallTensorThenFarBelowTensorLy) {
  const auto w = testing::formula_matrix(96, 120, 9);
  const TensorShape shape{{96}, {10, 12}};
  const auto theirs = tensorly_ranks(RankFormat::kTucker, shape.modes(), 0.4);
  const auto ours = best_ranks(w, Method::kTucker, shape, theirs.achieved_ratio);
  EXPECT_LT(decompose(w, Method::kTucker, shape, ours.ranks).relative_error,
            0.9 * decompose(w, Method::kTucker, shape, theirs.ranks).relative_error);
}

TEST(RankRules, ImpossibleBudgetThenError) {
  EXPECT_THROW(fitting_ranks(Method::kCp, {{96}, {10, 12}}, 1e-6), base::ConfigError);
  EXPECT_THROW(fitting_ranks(Method::kTucker, {{96}, {10, 12}}, -1), base::ConfigError);
  EXPECT_THROW(tensorly_ranks(RankFormat::kCp, {96, 10, 12}, 0), base::ConfigError);
  EXPECT_THROW(tensorly_ranks(RankFormat::kTensorTrainMatrix, {96, 10, 12}, 0.4), base::ConfigError);
  EXPECT_THROW(rounding_from_name("up"), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
