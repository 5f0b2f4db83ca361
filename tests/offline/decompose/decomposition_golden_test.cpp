// TensorLy's errors on the formula matrices: CP must be lower, Tucker and TTM equal within 1e-3 or lower.
#include <gtest/gtest.h>

#include "tests/offline/decompose/golden_rows.h"

namespace heat::offline::testing {
namespace {

const std::string kGolden = std::string(HEAT_SOURCE_DIR) + "/tests/golden/tensor/";

TEST(Decomposition, GoldenRowsThenErrorNotAboveTensorLy) {
  const auto rows = read_rows(kGolden + "decompositions.json");
  ASSERT_GE(rows.size(), 10u);
  for (const auto& row : rows) {
    const DecomposeResult result = run_row(row);
    const bool cp = row.at("method") == "cp";
    EXPECT_LE(result.relative_error, row.at("rel_error").get<double>() * (cp ? 1.0 : 1.001)) << row;
    EXPECT_EQ(parameter_count(result.decomposition.form), row.at("params").get<std::int64_t>()) << row;
  }
}

TEST(RankRules, GoldenRowsThenTensorLyRanksExactly) {
  const auto rows = read_rows(kGolden + "rank_rules.json");
  ASSERT_GE(rows.size(), 20u);
  for (const auto& row : rows) {
    const RankChoice choice = run_rank_row(row);
    EXPECT_EQ(choice.ranks, row_ranks(row)) << row;
    EXPECT_EQ(choice.params, row.at("params").get<std::int64_t>()) << row;
    EXPECT_EQ(choice.achieved_ratio, row.at("achieved_ratio").get<double>()) << row;
  }
}

TEST(FormulaMatrix, CheckValuesThenEqual) {  // published with the formula
  const auto& a = row_matrix("W_a");
  EXPECT_NEAR(a[0], 0.01871593090154078, 1e-16);
  EXPECT_NEAR(a[7 * 768 + 11], 0.000885890612070534, 1e-16);
  EXPECT_NEAR(a[767 * 768 + 767], -0.0011736964513892546, 1e-16);
}

}  // namespace
}  // namespace heat::offline::testing
