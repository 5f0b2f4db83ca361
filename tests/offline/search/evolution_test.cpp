// Small enough to enumerate: the optimum is known.
#include "offline/search/evolution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"
#include "offline/search/baselines.h"

namespace heat::offline {
namespace {

// Six layers of four choices, with costs and gains that differ by layer.
ChoiceTable small_table() {
  ChoiceTable table;
  for (int l = 0; l < 6; ++l) {
    table.layers.emplace_back();
    for (int c = 0; c < 4; ++c)
      table.layers.back().push_back({1e6 * (1 + c) * (1 + l % 3), 1e3 * (1 + c * (1 + l % 2)), 100 * (c + 1)});
  }
  table.fixed = {5e6, 2e3, 50};
  return table;
}

double accuracy_of(const Genes& genes) {
  double sum = 0.5;
  for (std::size_t l = 0; l < genes.size(); ++l) sum += 0.02 * std::sqrt(genes[l]) * (1.0 + static_cast<double>(l % 4));
  return std::min(sum, 0.999);
}

// The best feasible score over all 4^6 SubNets.
double enumerate(const ChoiceTable& table, const EvolutionConfig& config) {
  double best = INFINITY;
  for (int code = 0; code < 4096; ++code) {
    Genes genes;
    for (int l = 0; l < 6; ++l) genes.push_back((code >> (2 * l)) & 3);
    const Contender c = assess(table, genes, accuracy_of(genes), config);
    if (c.violation == 0) best = std::min(best, c.score);
  }
  return best;
}

TEST(SubNetCost, SumsLayersAndTheFixedPart) {
  const ChoiceTable table = small_table();
  const SubNetCost c = subnet_cost(table, {0, 1, 0, 0, 0, 0});
  EXPECT_DOUBLE_EQ(c.energy_pj, 5e6 + 1e6 * (1 + 2 * 2 + 3 + 1 + 2 + 3));
  EXPECT_DOUBLE_EQ(c.latency_ns, 2e3 + 1e3 * (1 + 3 + 1 + 1 + 1 + 1));
  EXPECT_EQ(c.params, 50 + 700);
  EXPECT_DOUBLE_EQ(c.edp_js(), c.energy_pj * c.latency_ns * 1e-21);
}

TEST(Evolution, FindsTheEnumeratedOptimum) {
  const ChoiceTable table = small_table();
  for (std::uint64_t seed : {1, 2, 3}) {
    EvolutionConfig config;
    config.seed = seed;
    const EvolutionResult r = evolve(table, accuracy_of, config);
    EXPECT_TRUE(r.feasible);
    EXPECT_DOUBLE_EQ(r.best.score, enumerate(table, config));
  }
}

TEST(Evolution, FindsTheConstrainedOptimumAndKeepsEveryLimit) {
  const ChoiceTable table = small_table();
  EvolutionConfig config;
  config.limits.params = 1200;
  config.limits.latency_ns = 14e3;
  config.limits.edp_js = 3e-10;
  const EvolutionResult r = evolve(table, accuracy_of, config);
  ASSERT_TRUE(r.feasible);
  EXPECT_DOUBLE_EQ(r.best.score, enumerate(table, config));
  EXPECT_LE(r.best.cost.params, 1200);
  EXPECT_LE(r.best.cost.latency_ns, 14e3);
  ASSERT_FALSE(r.pareto.empty());
  for (std::size_t i = 1; i < r.pareto.size(); ++i) {
    EXPECT_GT(r.pareto[i].accuracy, r.pareto[i - 1].accuracy);
    EXPECT_GE(r.pareto[i].cost.edp_js(), r.pareto[i - 1].cost.edp_js());
  }
}

TEST(Evolution, ImpossibleLimitIsReportedWithTheNearestCandidate) {
  EvolutionConfig config;
  config.limits.params = 10;
  const EvolutionResult r = evolve(small_table(), accuracy_of, config);
  EXPECT_FALSE(r.feasible);
  EXPECT_EQ(r.best.genes, Genes(6, 0));
  EXPECT_TRUE(std::isnan(r.history.back().best_score));
}

TEST(Evolution, SameSeedSameRunAndTheBestNeverWorsens) {
  const ChoiceTable table = small_table();
  EvolutionConfig config;
  config.population = 12;
  config.parents = 3;
  config.generations = 8;
  const EvolutionResult a = evolve(table, accuracy_of, config), b = evolve(table, accuracy_of, config);
  EXPECT_EQ(a.best.genes, b.best.genes);
  ASSERT_EQ(a.history.size(), 9u);
  for (std::size_t i = 0; i < a.history.size(); ++i) {
    EXPECT_EQ(a.history[i].mean_score, b.history[i].mean_score);
    if (i > 0) {
      EXPECT_LE(a.history[i].best_score, a.history[i - 1].best_score);
    }
  }
}

TEST(Evolution, UnusableSettingsAreNamedTogether) {
  EvolutionConfig config;
  config.population = 4;
  config.parents = 4;
  ChoiceTable table;
  table.layers.resize(1);
  try {
    evolve(table, accuracy_of, config);
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("no choices"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("population"), std::string::npos);
  }
}

TEST(Baselines, UniformRuleAndRandom) {
  const ChoiceTable table = small_table();
  const auto uniform = uniform_baselines(table);
  ASSERT_EQ(uniform.size(), 4u);
  EXPECT_EQ(uniform[2].genes, Genes(6, 2));
  const auto rule = rule_baselines(table, "tensorly", {0.5}, [&](std::size_t l, double ratio) {
    return nearest_choice(table.layers[l], static_cast<std::int64_t>(400 * ratio));
  });
  EXPECT_EQ(rule[0].name, "tensorly 0.50");
  EXPECT_EQ(rule[0].genes, Genes(6, 1));
  EvolutionConfig config;
  config.limits.params = 1200;
  const auto random = random_baselines(table, 20, config);
  ASSERT_EQ(random.size(), 20u);
  for (const Baseline& b : random) EXPECT_LE(subnet_cost(table, b.genes).params, 1200);
}

}  // namespace
}  // namespace heat::offline
