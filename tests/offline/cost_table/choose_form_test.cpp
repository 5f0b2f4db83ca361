// Shape and ranks by EDP from rows that are written by hand.
#include "offline/cost_table/choose_form.h"

#include <gtest/gtest.h>

namespace heat::offline {
namespace {

constexpr std::int64_t kTokens = 16;

CostRow row(const std::string& method, std::int64_t rank, double ratio, double edp, double error = 0.1) {
  CostRow r;
  r.form = {method, {{8}, {4}}, {}};
  if (rank > 0) r.form.ranks = {rank};
  r.tokens = kTokens;
  r.feasible = true;
  r.ratio = ratio;
  r.error = error;
  r.energy_pj = edp;
  r.latency_ns = 1;
  return r;
}

const FormRequest kRequest{8, 4, kTokens, "svd", 0.3};

std::int64_t chosen(const std::vector<CostRow>& rows, const FormRequest& request = kRequest) {
  std::string problem;
  const auto choice = choose_form(rows, request, problem);
  EXPECT_TRUE(choice) << problem;
  return choice ? choice->factorised.form.ranks.at(0) : -1;
}

TEST(ChooseForm, LeastEdpAmongThoseThatKeepNearlyAsManyParameters) {
  const CostRow dense = row("dense", 0, 1, 100);
  // Rank 1 is cheapest and keeps a third of what is allowed; 5 is above the ratio; 3 has less EDP than 4 and 0.28 / 0.3.
  EXPECT_EQ(
      chosen({dense, row("svd", 1, 0.1, 10), row("svd", 3, 0.28, 40), row("svd", 4, 0.3, 50), row("svd", 5, 0.31, 5)}),
      3);
  // Nothing nearer than 0.1: that is then the most there is.
  EXPECT_EQ(chosen({dense, row("svd", 1, 0.1, 10), row("svd", 5, 0.31, 5)}), 1);
  // Of equal EDP the lower error.
  EXPECT_EQ(chosen({dense, row("svd", 3, 0.3, 40, 0.2), row("svd", 4, 0.3, 40, 0.1)}), 4);
  // Measured values count before predicted ones, and corrections.
  CostRow measured = row("svd", 4, 0.3, 50);
  measured.measured_energy_pj = 30;
  measured.measured_latency_ns = 1;
  EXPECT_EQ(chosen({dense, row("svd", 3, 0.3, 40), measured}), 4);
  CostRow corrected = row("svd", 4, 0.3, 50);
  corrected.class_energy_correction = 0.5;
  EXPECT_EQ(chosen({dense, row("svd", 3, 0.3, 40), corrected}), 4);
}

TEST(ChooseForm, OtherRowsDoNotCount) {
  const CostRow dense = row("dense", 0, 1, 100), good = row("svd", 4, 0.3, 50);
  CostRow infeasible = row("svd", 3, 0.3, 1), tokens = row("svd", 2, 0.3, 1), size = row("svd", 1, 0.3, 1);
  infeasible.feasible = false;
  tokens.tokens = kTokens + 1;
  size.form.shape = {{4}, {8}};
  EXPECT_EQ(chosen({dense, infeasible, tokens, size, row("cp", 5, 0.3, 1), good}), 4);
}

// A row of another shape than row()'s.
CostRow split(CostRow r) {
  r.form.shape = {{8}, {2, 2}};
  return r;
}

TEST(ChooseForm, ShapeOfSStarForEveryRatio) {
  FormRequest request = kRequest;
  request.rule = FormRule::kShapeStar;
  const CostRow dense = row("dense", 0, 1, 100);
  // s* is rank 6, the lowest error within the limits; 7 has a lower one and costs more than the dense layer, 8 is above
  // the ratio of s*. Within the request's ratio rank 2 has its shape; 1 keeps less, 3 and 4 have another one.
  std::vector<CostRow> rows = {dense,
                               split(row("svd", 1, 0.1, 10, 0.7)),
                               split(row("svd", 2, 0.2, 20, 0.6)),
                               row("svd", 3, 0.28, 5, 0.5),
                               row("svd", 4, 0.3, 6, 0.4),
                               split(row("svd", 6, 0.5, 60, 0.2)),
                               row("svd", 7, 0.5, 101, 0.1),
                               row("svd", 8, 0.6, 60, 0.05)};
  EXPECT_EQ(chosen(rows, request), 2);
  // Limits of s* change its shape.
  request.limits.max_edp_ratio = 2;
  EXPECT_EQ(chosen(rows, request), 4);
  request.limits = {0.4, 1};
  EXPECT_EQ(chosen(rows, request), 4);

  std::string problem;
  request.limits = {};
  request.ratio = 0.05;
  EXPECT_FALSE(choose_form(rows, request, problem));
  EXPECT_EQ(problem, "no feasible svd row of 8x4 at 16 tokens with at most 0.05 of the parameters");
  request.ratio = 0.3;
  rows.erase(rows.begin() + 1, rows.begin() + 3);
  EXPECT_FALSE(choose_form(rows, request, problem));
  EXPECT_EQ(problem,
            "no feasible svd row of 8x4 at 16 tokens with at most 0.3 of the parameters has the shape of s*, 8x2x2");
  request.limits.max_ratio = 0.2;
  EXPECT_FALSE(choose_form(rows, request, problem));
  EXPECT_EQ(problem, "no feasible svd row of 8x4 at 16 tokens with at most 0.2 of the parameters to take s* from");
}

TEST(ChooseForm, RulesByName) {
  EXPECT_EQ(parse_form_rule("edp"), FormRule::kLeastEdp);
  EXPECT_EQ(parse_form_rule("s-star"), FormRule::kShapeStar);
  EXPECT_FALSE(parse_form_rule("s_star"));
}

TEST(ChooseForm, SaysWhetherItCostsMoreThanTheDenseLayer) {
  std::string problem;
  for (const double edp : {99.0, 100.0, 150.0}) {
    const auto choice = choose_form({row("dense", 0, 1, 100), row("svd", 4, 0.3, edp)}, kRequest, problem);
    ASSERT_TRUE(choice);
    EXPECT_DOUBLE_EQ(choice->edp_over_dense(), edp / 100);
    EXPECT_EQ(choice->costs_more(), edp >= 100);
  }
}

TEST(ChooseForm, NamesWhatTheTableLacks) {
  std::string problem;
  EXPECT_FALSE(choose_form({row("svd", 4, 0.3, 50)}, kRequest, problem));
  EXPECT_EQ(problem, "no feasible dense row of 8x4 at 16 tokens");
  EXPECT_FALSE(choose_form({row("dense", 0, 1, 100), row("svd", 4, 0.4, 50)}, kRequest, problem));
  EXPECT_EQ(problem, "no feasible svd row of 8x4 at 16 tokens with at most 0.3 of the parameters");
}

}  // namespace
}  // namespace heat::offline
