#include "offline/cost_table/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/default_shape.h"
#include "offline/decompose/rank_rules.h"
#include "tests/offline/decompose/test_matrices.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

TEST(Factorizations, SmallNumbersThenAllRisingLists) {
  EXPECT_EQ(factorizations(12, 2, 2), (std::vector<Modes>{{2, 6}, {3, 4}}));
  EXPECT_EQ(factorizations(24, 3, 2), (std::vector<Modes>{{2, 2, 6}, {2, 3, 4}}));
  EXPECT_EQ(factorizations(13, 1, 2), (std::vector<Modes>{{13}}));
  EXPECT_TRUE(factorizations(13, 2, 2).empty());
  EXPECT_EQ(factorizations(768, 2, 12).back(), (Modes{24, 32}));
}

TEST(Factorizations, CountThenEqualsBruteForce) {
  for (std::int64_t n : {36, 60, 96}) {
    std::set<Modes> brute;
    for (std::int64_t a = 2; a <= n; ++a)
      for (std::int64_t b = 2; b <= n; ++b)
        for (std::int64_t c = 2; c <= n; ++c)
          if (a * b * c == n) {
            Modes m{a, b, c};
            std::sort(m.begin(), m.end());
            brute.insert(m);
          }
    const auto got = factorizations(n, 3, 2);
    EXPECT_EQ(std::set<Modes>(got.begin(), got.end()), brute);
    EXPECT_EQ(got.size(), brute.size());
  }
}

TEST(ShapeEntropy, MoreEvenThenLarger) {
  EXPECT_GT(shape_entropy({{768}, {24, 32}}), shape_entropy({{768}, {12, 64}}));
  EXPECT_GT(shape_entropy({{768}, {12, 64}}), shape_entropy({{768}, {2, 384}}));
  EXPECT_DOUBLE_EQ(shape_entropy({{768}, {768}}), 0);
}

TEST(ShapeCandidates, EveryMethodThenProductsFitAndPermutationsAreThere) {
  CandidateOptions options;
  for (const Method* method : methods()) {
    if (method->tensorization() == Tensorization::kMatrix) continue;
    const auto shapes = shape_candidates(*method, 768, 3072, options);
    ASSERT_FALSE(shapes.empty());
    for (const TensorShape& s : shapes) {
      EXPECT_EQ(s.rows(), 768);
      EXPECT_EQ(s.cols(), 3072);
      EXPECT_EQ(std::count(shapes.begin(), shapes.end(), s), 1);
      if (method->tensorization() == Tensorization::kPaired) {
        EXPECT_EQ(s.row_modes.size(), s.col_modes.size());
      } else {
        EXPECT_LE(s.order(), 4u);
      }
      TensorShape turned = s;
      std::reverse(turned.row_modes.begin(), turned.row_modes.end());
      EXPECT_EQ(std::count(shapes.begin(), shapes.end(), turned), 1);
    }
  }
  EXPECT_EQ(shape_candidates(method_named("svd"), 768, 3072, options), (std::vector<TensorShape>{{{768}, {3072}}}));
  options.top_k = 3;  // the paper's 768x12x64 is the third most even split of 768 in two
  const auto wide = shape_candidates(method_named("cp"), 768, 768, options);
  EXPECT_EQ(std::count(wide.begin(), wide.end(), (TensorShape{{768}, {12, 64}})), 1);
}

TEST(ShapeCandidates, PrimeSizesThenOnlyWhatFactors) {
  EXPECT_TRUE(shape_candidates(method_named("ttm"), 13, 12, {}).empty());
  for (const TensorShape& s : shape_candidates(method_named("cp"), 13, 12, {})) EXPECT_EQ(s.row_modes, Modes{13});
}

TEST(RankLadder, RatiosThenDistinctRanksWithinThem) {
  const auto w = testing::formula_matrix(24, 36, 2);
  CandidateOptions options;
  options.ratios = {0.001, 0.2, 0.21, 0.5};
  for (const Method* method : methods()) {
    const TensorShape shape = default_shape(*method, 24, 36);
    const auto ladder = rank_ladder(w, *method, shape, options);
    ASSERT_GE(ladder.size(), 2u);
    for (std::size_t i = 0; i < ladder.size(); ++i) {
      EXPECT_LE(parameter_count(ladder[i]), 0.5 * 24 * 36);
      for (std::size_t j = 0; j < i; ++j) EXPECT_NE(ladder[i], ladder[j]);
    }
  }
}

TEST(RankLadder, TensorLysRanksOnRequest) {
  const auto w = testing::formula_matrix(24, 36, 2);
  CandidateOptions options;
  options.ratios = {0.4};
  options.rank_rule = RankRule::kTensorLy;
  const Method& tucker = method_named("tucker");
  const TensorShape shape{{4, 6}, {6, 6}};
  const auto ladder = rank_ladder(w, tucker, shape, options);
  ASSERT_EQ(ladder.size(), 1u);
  EXPECT_EQ(ladder[0].ranks, tensorly_ranks_within(tucker, shape, 0.4).ranks);
  options.rank_rule = RankRule::kBest;
  EXPECT_NE(rank_ladder(w, tucker, shape, options)[0].ranks, ladder[0].ranks);
}

}  // namespace
}  // namespace heat::offline
