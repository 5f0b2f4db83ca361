#include "offline/cost_table/pareto.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace heat::offline {
namespace {

CostRow row(const std::string& method, double energy, double latency, double error, double ratio) {
  CostRow r;
  r.form = {method, {{8}, {8}}, {}};
  r.tokens = 8;
  r.feasible = true;
  r.energy_pj = energy;
  r.latency_ns = latency;
  r.error = error;
  r.ratio = ratio;
  return r;
}

// The definition: i is on the front when no j is at least as good everywhere and better somewhere.
bool dominated(const std::vector<CostRow>& rows, std::size_t i) {
  for (const CostRow& r : rows) {
    const CostRow& q = rows[i];
    const bool no_worse =
        r.energy_pj <= q.energy_pj && r.latency_ns <= q.latency_ns && r.error <= q.error && r.ratio <= q.ratio;
    const bool better =
        r.energy_pj < q.energy_pj || r.latency_ns < q.latency_ns || r.error < q.error || r.ratio < q.ratio;
    if (no_worse && better) return true;
  }
  return false;
}

TEST(ParetoFront, RandomPointsThenExactlyTheUndominated) {
  std::mt19937_64 random(7);
  std::vector<CostRow> rows;
  for (int i = 0; i < 300; ++i) {
    const auto v = [&] { return static_cast<double>(random() % 12); };
    const double a = v(), b = v(), c = v(), d = v();
    rows.push_back(row("cp", a, b, c, d));
  }
  const auto front = pareto_front(rows);
  std::size_t found = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool on = std::find(front.begin(), front.end(), i) != front.end();
    EXPECT_FALSE(on && dominated(rows, i));
    found += on;
    if (!on && !dominated(rows, i)) {  // only a later copy of a row on the front
      EXPECT_TRUE(std::any_of(front.begin(), front.end(), [&](std::size_t f) {
        return f < i && rows[f].energy_pj == rows[i].energy_pj && rows[f].latency_ns == rows[i].latency_ns &&
               rows[f].error == rows[i].error && rows[f].ratio == rows[i].ratio;
      }));
    }
  }
  EXPECT_EQ(found, front.size());
  EXPECT_GT(front.size(), 5u);
}

TEST(ParetoFront, InfeasibleOrOtherSizeThenDoesNotBeat) {
  std::vector<CostRow> rows = {row("cp", 1, 1, 1, 1), row("cp", 2, 2, 2, 2), row("cp", 0, 0, 0, 0)};
  rows[2].feasible = false;
  EXPECT_EQ(pareto_front(rows), (std::vector<std::size_t>{0}));
  rows[1].form.shape.col_modes = {16};
  EXPECT_EQ(pareto_front(rows), (std::vector<std::size_t>{0, 1}));
}

TEST(ParetoFront, MeasuredValuesThenTheyCount) {
  std::vector<CostRow> rows = {row("cp", 1, 1, 1, 1), row("cp", 2, 2, 1, 1)};
  EXPECT_EQ(pareto_front(rows), (std::vector<std::size_t>{0}));
  rows[0].measured_energy_pj = 5;
  rows[0].measured_latency_ns = 5;
  EXPECT_EQ(pareto_front(rows), (std::vector<std::size_t>{1}));
}

TEST(Selection, BothRulesThenTheDocumentedRow) {
  const std::vector<CostRow> rows = {row("dense", 100, 100, 0, 1),  row("cp", 90, 90, 0.1, 0.6),
                                     row("cp", 80, 80, 0.2, 0.4),   row("cp", 10, 10, 0.3, 0.3),
                                     row("cp", 9, 9, 0.5, 0.1),     row("ttm", 200, 100, 0.15, 0.3),
                                     row("tucker", 8, 8, 0.45, 0.2)};
  const SelectionLimits limits;
  // 1 has too many parameters; 2 has the lowest error of the rest.
  EXPECT_EQ(select_by_error(rows, rows[0], "cp", limits), std::optional<std::size_t>(2));
  // error * EDP^(1/4): 0.2 * sqrt(80) > 0.3 * sqrt(10) < 0.5 * sqrt(9)
  EXPECT_EQ(select_by_edp(rows, rows[0], "cp", limits), std::optional<std::size_t>(3));
  // All of ttm exceeds the dense EDP: its lowest error still is an answer.
  EXPECT_EQ(select_by_error(rows, rows[0], "ttm", limits), std::optional<std::size_t>(5));
  EXPECT_EQ(select_by_error(rows, rows[0], "svd", limits), std::nullopt);
  SelectionLimits cheap = limits;
  cheap.max_edp_ratio = 0.1;
  EXPECT_EQ(select_by_error(rows, rows[0], "cp", cheap), std::optional<std::size_t>(3));
}

TEST(Selection, MethodBeatenEverywhereByAnotherThenStillHasItsOwnAnswer) {
  const std::vector<CostRow> rows = {row("svd", 1, 1, 0.1, 0.1), row("cp", 2, 2, 0.3, 0.2), row("cp", 2, 2, 0.2, 0.3),
                                     row("cp", 3, 3, 0.3, 0.3)};
  EXPECT_EQ(pareto_front(rows), (std::vector<std::size_t>{0}));
  EXPECT_EQ(pareto_front(rows, "cp"), (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(select_by_error(rows, rows[0], "cp", {}), std::optional<std::size_t>(2));
}

}  // namespace
}  // namespace heat::offline
