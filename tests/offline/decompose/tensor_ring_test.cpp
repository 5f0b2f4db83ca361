// What a ring promises beyond what every method does: its limits, its equals among other methods, its order of components.
#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/rank_rules.h"
#include "tests/offline/decompose/test_matrices.h"

namespace heat::offline {
namespace {

double error_of(const std::vector<double>& w, const Form& form, int iterations = 0) {
  DecomposeOptions options;
  options.max_iterations = iterations;
  return decompose(w, form, options).relative_error;
}

TEST(TensorRing, OneRowAndOneColumnModeThenTheSvdOfBothRanksProduct) {
  const auto w = testing::formula_matrix(96, 120, 9);
  const double svd = error_of(w, {"svd", {{96}, {120}}, {12}});
  for (const Ranks& ranks : {Ranks{1, 12}, Ranks{12, 1}, Ranks{3, 4}, Ranks{4, 3}})
    EXPECT_NEAR(error_of(w, {"tr", {{96}, {120}}, ranks}), svd, 1e-9);
}

TEST(TensorRing, FullRanksThenExact) {
  const auto w = testing::formula_matrix(24, 30, 5);
  EXPECT_LT(error_of(w, {"tr", {{4, 6}, {5, 6}}, {1, 4, 24, 6}}), 1e-9);
  EXPECT_LT(error_of(w, {"tr", {{4, 6}, {5, 6}}, {2, 8, 12, 12}}), 1e-9);
}

TEST(TensorRing, MoreSweepsThenNeverALargerError) {
  const auto w = testing::formula_matrix(96, 120, 9);
  const Form form{"tr", {{8, 12}, {10, 12}}, {4, 8, 6, 10}};
  double last = 1;
  for (int iterations : {1, 2, 4, 8, 16, 32, 64}) {
    const double error = error_of(w, form, iterations);
    EXPECT_LE(error, last + 1e-12) << iterations;
    last = error;
  }
  EXPECT_LT(last, 0.95 * error_of(w, form, 1));  // the sweeps are worth it
}

// 28 x 25 unknowns a row of a core are more than are solved for directly.
TEST(TensorRing, LargeCoreThenStillTheMatrixOfItsRank) {
  const Form small{"tr", {{16, 6}, {8, 15}}, {2, 3, 2, 3}}, large{"tr", {{16, 6}, {8, 15}}, {2, 28, 25, 28}};
  const auto w = reconstruct(decompose(testing::formula_matrix(96, 120, 9), small).decomposition);
  EXPECT_LT(error_of(w, large, 30), 1e-6);
}

TEST(TensorRing, RanksBeyondWhatExistsThenClipped) {
  const Method& ring = method_named("tr");
  const TensorShape shape{{4, 6}, {5, 6}};
  EXPECT_EQ(ring.feasible_ranks({1, 4, 24, 6}, shape), (Ranks{1, 4, 24, 6}));
  EXPECT_EQ(ring.feasible_ranks({1, 5, 25, 7}, shape), (Ranks{1, 4, 24, 6}));    // as of a train
  EXPECT_EQ(ring.feasible_ranks({2, 8, 12, 12}, shape), (Ranks{2, 8, 12, 12}));  // 2 x 12 is the rank of W
  EXPECT_EQ(ring.feasible_ranks({2, 9, 13, 13}, shape), (Ranks{2, 8, 12, 12}));
  EXPECT_EQ(ring.feasible_ranks({1, 1, 24, 6}, shape), (Ranks{1, 1, 6, 6}));    // what one core can tell apart
  EXPECT_EQ(ring.feasible_ranks({2, 3, 3, 4, 2}, shape), (Ranks{2, 3, 3, 4}));  // as TensorLy writes it
  EXPECT_THROW(ring.feasible_ranks({2, 3, 3, 4, 3}, shape), base::ConfigError);
  EXPECT_THROW(ring.feasible_ranks({1, 2, 3}, shape), base::ConfigError);
}

// Without its last components a ring keeps most; without its first ones little.
TEST(TensorRing, LeadingComponentsOfABondThenThoseThatMatter) {
  const auto w = testing::formula_matrix(96, 120, 9);
  const Form form{"tr", {{8, 12}, {10, 12}}, {2, 10, 24, 12}};
  Decomposition d = decompose(w, form).decomposition;
  const double whole = relative_error(w, reconstruct(d));
  const double leading = relative_error(w, reconstruct(truncate(d, {2, 10, 12, 12})));
  const std::int64_t before = 10 * 12, after = 10 * 12;  // of bond 2: [10, 12, 24] and [24, 10, 12]
  std::vector<double>&left = d.cores[1].data, &right = d.cores[2].data;
  for (std::int64_t b = 0; b < 12; ++b) {
    for (std::int64_t i = 0; i < before; ++i)
      std::swap(left[static_cast<std::size_t>(i * 24 + b)], left[static_cast<std::size_t>(i * 24 + 23 - b)]);
    for (std::int64_t i = 0; i < after; ++i)
      std::swap(right[static_cast<std::size_t>(b * after + i)], right[static_cast<std::size_t>((23 - b) * after + i)]);
  }
  EXPECT_NEAR(relative_error(w, reconstruct(d)), whole, 1e-9);  // the same ring
  const double trailing = relative_error(w, reconstruct(truncate(d, {2, 10, 12, 12})));
  EXPECT_LT(leading, 1.0);
  EXPECT_GT(trailing, 1.1 * leading) << leading;
}

TEST(TensorRing, BudgetThenFilled) {
  const Method& ring = method_named("tr");
  for (const TensorShape& shape :
       {TensorShape{{24, 32}, {24, 32}}, TensorShape{{768}, {12, 64}}, TensorShape{{96}, {120}}})
    for (double ratio : {0.02, 0.1, 0.4, 0.8}) {
      const auto budget = static_cast<std::int64_t>(ratio * static_cast<double>(shape.elements()));
      const std::int64_t used = parameter_count({"tr", shape, ring.fitting_ranks(shape, budget)});
      EXPECT_LE(used, budget);
      EXPECT_GT(used, 0.93 * static_cast<double>(budget)) << ratio;
    }
  EXPECT_EQ(ring.fitting_ranks({{96}, {10, 12}}, 3), (Ranks{1, 1, 1}));
}

// docs/decompositions.md has the table.
TEST(TensorRing, MatrixATallThenBelowCpAndTrainMatrixAtEqualParameters) {
  const auto w = testing::matrix_a();
  const TensorShape tall{{768}, {12, 64}};
  const Form ring{"tr", tall, best_ranks(w, method_named("tr"), tall, 0.06).ranks};
  const Form cp = fitting_form(method_named("cp"), tall, 0.06);
  const Form train = fitting_form(method_named("ttm"), {{24, 32}, {24, 32}}, 0.06);
  EXPECT_LE(parameter_count(ring), 0.06 * 768 * 768);
  EXPECT_LT(error_of(w, ring), 1.01 * std::min(error_of(w, cp), error_of(w, train)));
}

}  // namespace
}  // namespace heat::offline
