#include "offline/path/optimal_path.h"

#include <gtest/gtest.h>

#include <functional>
#include <tuple>

#include "base/errors.h"
#include "tests/offline/path/naive_einsum.h"

namespace heat::offline {
namespace {

using testing::random_network;

// All contraction trees of the network as linear paths, without pruning (each unordered tree at least once).
void all_paths(int left, spec::ContractionPath& prefix,
               const std::function<void(const spec::ContractionPath&)>& visit) {
  if (left == 1) return visit(prefix);
  for (int i = 0; i < left; ++i)
    for (int j = i + 1; j < left; ++j) {
      prefix.steps.emplace_back(i, j);
      all_paths(left - 1, prefix, visit);
      prefix.steps.pop_back();
    }
}

using Cost = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
Cost cost_of(const PlannedPath& p) {
  return {p.online_macs, p.macs, p.largest_intermediate};
}

TEST(OptimalPath, UpToSixOperandsThenEqualsExhaustiveSearch) {
  int networks = 0;
  for (int operands = 2; operands <= 6; ++operands)
    for (std::uint64_t seed = 0; seed < (operands == 6 ? 6u : 20u); ++seed)
      for (const Precompute policy :
           {Precompute::kNever, Precompute::kShrinking, Precompute::kBelowWhole, Precompute::kAlways}) {
        const TensorNetwork network = random_network(operands, seed, policy != Precompute::kNever);
        Cost least{INT64_MAX, 0, 0};
        spec::ContractionPath prefix;
        all_paths(operands, prefix, [&](const spec::ContractionPath& path) {
          least = std::min(least, cost_of(evaluate_path(network, path, policy)));
        });
        const PlannedPath best = optimal_path(network, policy);
        EXPECT_EQ(best.online_macs, std::get<0>(least)) << network.einsum.text();
        if (policy == Precompute::kNever) {
          EXPECT_EQ(cost_of(best), least) << network.einsum.text();
        }
        ++networks;
      }
  EXPECT_EQ(networks, 4 * (4 * 20 + 6));
}

TEST(OptimalPath, AnyNetworkThenStepwiseContractionEqualsNestedLoops) {
  for (int operands = 2; operands <= 5; ++operands)
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const TensorNetwork network = random_network(operands, seed + 100, true);
      const auto data = testing::random_operands(network, seed);
      const auto expected =
          testing::naive_einsum(network.einsum.operands, data, network.einsum.output, network.einsum.sizes);
      for (const PlannedPath& planned : k_best_paths(network, 4)) {
        const auto got = testing::stepwise(network, planned, data);
        ASSERT_EQ(got.size(), expected.size());
        for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-10) << network.einsum.text();
      }
    }
}

TEST(KBestPaths, FourAndFiveOperandsThenTheSortedListOfAllTrees) {
  for (int operands : {3, 4, 5})
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      const TensorNetwork network = random_network(operands, seed + 50);
      // A tree is the set of its inner subsets; the linear paths visit each several times.
      std::map<std::vector<std::uint32_t>, Cost> trees;
      spec::ContractionPath prefix;
      all_paths(operands, prefix, [&](const spec::ContractionPath& path) {
        std::vector<std::uint32_t> list, inner;
        for (int k = 0; k < operands; ++k) list.push_back(1u << k);
        for (const auto& [i, j] : path.steps) {
          const std::uint32_t joined = list[static_cast<std::size_t>(i)] | list[static_cast<std::size_t>(j)];
          list.erase(list.begin() + j);
          list.erase(list.begin() + i);
          list.push_back(joined);
          inner.push_back(joined);
        }
        std::sort(inner.begin(), inner.end());
        trees[inner] = cost_of(evaluate_path(network, path));
      });
      EXPECT_EQ(trees.size(), operands == 3 ? 3u : operands == 4 ? 15u : 105u);
      std::vector<Cost> sorted;
      for (const auto& [tree, cost] : trees) sorted.push_back(cost);
      std::sort(sorted.begin(), sorted.end());
      const std::size_t k = std::min<std::size_t>(sorted.size(), 20);
      const auto best = k_best_paths(network, 20);
      ASSERT_EQ(best.size(), k);
      for (std::size_t r = 0; r < k; ++r)
        EXPECT_EQ(std::get<0>(cost_of(best[r])), std::get<0>(sorted[r])) << r << network.einsum.text();
      EXPECT_EQ(cost_of(best[0]), sorted[0]);
      std::vector<std::vector<std::pair<int, int>>> distinct;
      for (const auto& p : best) distinct.push_back(p.path.steps);
      std::sort(distinct.begin(), distinct.end());
      EXPECT_EQ(std::unique(distinct.begin(), distinct.end()), distinct.end());
    }
}

TEST(OptimalPath, PaperFigureSixThenWeightsAreFoldedBeforeInference) {
  const TensorNetwork network = network_from_equation(
      "bc,a,da,ea,ca->bde", {{"a", 280}, {"b", 384}, {"c", 768}, {"d", 12}, {"e", 64}}, {1, 2, 3, 4});
  const PlannedPath planned = optimal_path(network);
  // Two products of 384 x 768 x 280 and the outer product of the two small cores; a folded into the smallest core.
  EXPECT_EQ(planned.online_macs, 2 * 384LL * 768 * 280 + 12 * 64 * 280);
  EXPECT_EQ(planned.macs, planned.online_macs + 12 * 280);
  EXPECT_EQ(planned.precomputed_elements, 12 * 280);
  const OnlinePlan online = online_plan(network, planned);
  EXPECT_EQ(online.network.size(), 4u);
  EXPECT_EQ(online.path.steps.size(), 3u);
  EXPECT_EQ(evaluate_path(online.network, online.path, Precompute::kNever).macs, planned.online_macs);
  // Left to right, as the figure's left tree: orders of magnitude more.
  const PlannedPath naive = evaluate_path(network, {{{0, 1}, {0, 3}, {0, 2}, {0, 1}}}, Precompute::kNever);
  EXPECT_GT(naive.macs, 100 * planned.online_macs);
}

TEST(OptimalPath, RedundantTuckerRankThenCoreIsPrecomputedWhereStorageShrinks) {
  const TensorNetwork network = factorized_linear_network({"tucker", {{768}, {12, 64}}, {271, 4, 23}}, 384);
  const PlannedPath shrinking = optimal_path(network), never = optimal_path(network, Precompute::kNever);
  EXPECT_EQ(shrinking.precomputed_elements, 768 * 4 * 23);
  EXPECT_LT(shrinking.online_macs, never.online_macs);
}

TEST(OptimalPath, AlwaysThenReconstructsAndStoresTheMatrix) {
  const TensorNetwork network = factorized_linear_network({"ttm", {{24, 32}, {24, 32}}, {1, 64, 1}}, 384);
  const PlannedPath planned = optimal_path(network, Precompute::kAlways);
  EXPECT_EQ(planned.online_macs, 384LL * 768 * 768);
  EXPECT_EQ(planned.precomputed_elements, 768 * 768);
  EXPECT_EQ(optimal_path(network).precomputed_elements, 0);
}

TEST(OnlinePlan, AnyStaticNetworkThenSameValues) {
  int precomputed = 0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const TensorNetwork network = random_network(5, seed + 300, true);
    const auto data = testing::random_operands(network, seed);
    const PlannedPath planned = optimal_path(network);
    const OnlinePlan plan = online_plan(network, planned);
    for (const PathStep& s : planned.steps) precomputed += s.precomputed;
    std::vector<std::vector<double>> online_data;
    std::int64_t made = 0;
    for (std::size_t k = 0; k < plan.network.size(); ++k) {  // an online operand is the product of those in its name
      std::vector<std::vector<spec::Index>> operands;
      std::vector<std::vector<double>> parts;
      const std::string name = "*" + plan.network.names[k] + "*";
      for (std::size_t n = 0; n < network.size(); ++n)
        if (name.find("*" + network.names[n] + "*") != std::string::npos) {
          operands.push_back(network.einsum.operands[n]);
          parts.push_back(data[n]);
        }
      online_data.push_back(
          operands.size() == 1
              ? parts[0]
              : testing::naive_einsum(operands, parts, plan.network.einsum.operands[k], network.einsum.sizes));
      if (operands.size() > 1) made += static_cast<std::int64_t>(online_data.back().size());
    }
    EXPECT_EQ(made, planned.precomputed_elements) << network.einsum.text();
    if (plan.network.size() == 1) continue;
    const PlannedPath rest = evaluate_path(plan.network, plan.path, Precompute::kNever);
    EXPECT_EQ(rest.macs, planned.online_macs);
    const auto expected =
        testing::naive_einsum(network.einsum.operands, data, network.einsum.output, network.einsum.sizes);
    const auto got = testing::stepwise(plan.network, rest, online_data);
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], expected[i], 1e-10);
  }
  EXPECT_GT(precomputed, 10);
}

TEST(OptimalPath, WrongInputsThenConfigError) {
  EXPECT_THROW(network_from_equation("", {}), base::ConfigError);
  EXPECT_THROW(network_from_equation("ab,bc->ad", {{"a", 2}, {"b", 2}, {"c", 2}}), base::ConfigError);
  EXPECT_THROW(network_from_equation("ab,bc->aa", {{"a", 2}, {"b", 2}, {"c", 2}}), base::ConfigError);
  EXPECT_THROW(network_from_equation("ab,bc->ac", {{"a", 2}, {"b", 0}, {"c", 2}}), base::ConfigError);
  EXPECT_THROW(network_from_equation("ab,bc->ac", {{"a", 2}, {"b", 2}, {"c", 2}}, {2}), base::ConfigError);
  const TensorNetwork two = network_from_equation("ab,bc->ac", {{"a", 2}, {"b", 2}, {"c", 2}});
  EXPECT_THROW(k_best_paths(two, 0), base::ConfigError);
  EXPECT_THROW(evaluate_path(two, {{{0, 2}}}), base::ConfigError);
  EXPECT_THROW(evaluate_path(two, {}), base::ConfigError);
  EXPECT_THROW(precompute_from_name("sometimes"), base::ConfigError);
  std::map<spec::Index, std::int64_t> huge;
  for (char c : std::string("abcdefgh")) huge[std::string(1, c)] = 1 << 20;
  EXPECT_THROW(optimal_path(network_from_equation("abcd,efgh->abcdefgh", huge)), base::ConfigError);
  std::string many = "a";
  for (int k = 0; k < 22; ++k) many += ",a";
  EXPECT_THROW(optimal_path(network_from_equation(many + "->a", {{"a", 2}})), base::ConfigError);
}

TEST(OptimalPath, OneOperandOrSizeOneIndicesThenDefined) {
  const PlannedPath one = optimal_path(network_from_equation("ab->a", {{"a", 3}, {"b", 4}}));
  EXPECT_TRUE(one.path.steps.empty());
  EXPECT_EQ(one.macs, 0);
  const PlannedPath ones =
      optimal_path(network_from_equation("ab,bc,cd->ad", {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}}));
  EXPECT_EQ(ones.macs, 2);
}

}  // namespace
}  // namespace heat::offline
