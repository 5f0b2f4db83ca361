// The exact search against dynamic programming over all splits of all subsets, without any pruning; the heuristics and
// their bound against the exact search.
#include <gtest/gtest.h>

#include <bit>
#include <set>

#include "base/errors.h"
#include "offline/path/near_tree.h"
#include "tests/offline/path/naive_einsum.h"

namespace heat::offline {
namespace {

// Any network: indices in one to `most` operands, sizes 1 to 4 and now and then large, some in the output; operands
// that share nothing with the others, scalars, equal operands.
TensorNetwork wild_network(int operands, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return static_cast<std::size_t>(random() % n); };
  const auto count = static_cast<std::size_t>(operands);
  std::vector<std::string> texts(count);
  std::map<spec::Index, std::int64_t> sizes;
  std::string output;
  const std::size_t most = 1 + below(4), indices = count / 2 + below(count + 3);
  for (std::size_t n = 0; n < indices && n < 52; ++n) {
    const char name = static_cast<char>(n < 26 ? 'a' + n : 'A' + n - 26);
    for (std::size_t k = 0; k < 1 + below(most); ++k) {
      std::string& text = texts[below(count)];
      if (text.find(name) == std::string::npos) text += name;
    }
    sizes[std::string(1, name)] = static_cast<std::int64_t>(below(6) == 0 ? 20 + below(40) : 1 + below(4));
    if (below(5) == 0) output += name;
  }
  std::string equation;
  for (std::size_t k = 0; k < count; ++k) equation += (k ? "," : "") + texts[k];
  return network_from_equation(equation + "->" + output, sizes);
}

// The least MACs, from names and sizes alone.
std::int64_t naive_least(const TensorNetwork& network) {
  const spec::Einsum& e = network.einsum;
  const auto count = static_cast<unsigned>(network.size());
  const auto open = [&](unsigned subset) {
    std::set<spec::Index> inside, outside(e.output.begin(), e.output.end()), result;
    for (unsigned k = 0; k < count; ++k)
      for (const auto& index : e.operands[k]) (subset >> k & 1 ? inside : outside).insert(index);
    for (const auto& index : inside)
      if (std::has_single_bit(subset) || outside.count(index)) result.insert(index);
    return result;
  };
  std::vector<std::set<spec::Index>> results(1u << count);
  std::vector<std::int64_t> least(1u << count, 0);
  for (unsigned s = 1; s < 1u << count; ++s) {
    results[s] = open(s);
    if (std::has_single_bit(s)) continue;
    least[s] = INT64_MAX;
    for (unsigned half = (s - 1) & s; half != 0; half = (half - 1) & s) {
      std::set<spec::Index> joined = results[half];
      joined.insert(results[s ^ half].begin(), results[s ^ half].end());
      std::int64_t macs = 1;
      for (const auto& index : joined) macs *= e.sizes.at(index);
      least[s] = std::min(least[s], least[half] + least[s ^ half] + macs);
    }
  }
  return least.back();
}

TEST(OptimalPath, AnyNetworkThenEqualsDynamicProgrammingWithoutPruning) {
  int disconnected = 0;
  for (int operands = 2; operands <= 9; ++operands)
    for (std::uint64_t seed = 0; seed < (operands < 8 ? 60u : 8u); ++seed) {
      const TensorNetwork network = wild_network(operands, seed * 100 + static_cast<std::uint64_t>(operands));
      for (const auto& operand : network.einsum.operands) disconnected += operand.empty();
      EXPECT_EQ(optimal_path(network, Precompute::kNever).macs, naive_least(network)) << network.einsum.text();
    }
  EXPECT_GT(disconnected, 20);
}

TEST(OptimalPath, HeuristicCapThenSameAsWithout) {  // from 12 operands on, a heuristic tree caps the search
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const TensorNetwork network = wild_network(12, seed + 7);
    const PlannedPath best = optimal_path(network, Precompute::kNever);
    EXPECT_EQ(best.macs, k_best_paths(network, 2, Precompute::kNever)[0].macs) << network.einsum.text();
    EXPECT_EQ(evaluate_path(network, best.path, Precompute::kNever).macs, best.macs);
  }
}

TEST(NearTree, SmallNetworkThenBoundAndTreeHoldTheOptimum) {
  int met = 0, networks = 0;
  for (int operands : {5, 8, 11})
    for (std::uint64_t seed = 0; seed < 12; ++seed)
      for (const bool is_static : {false, true}) {
        const TensorNetwork network = testing::random_network(operands, seed + 900, is_static);
        const auto policy = is_static ? Precompute::kShrinking : Precompute::kNever;
        const SubsetTable table(network, policy);
        NearTree tree = near_tree(table, {.starts = 32, .improved = 4, .width = 7});
        const std::int64_t found = tree.online, bound = lower_bound(table, tree);
        const std::int64_t optimum = optimal_path(network, policy).online_macs;
        EXPECT_LE(bound, optimum) << network.einsum.text();
        EXPECT_LE(optimum, found) << network.einsum.text();
        EXPECT_LE(tree.online, found);
        if (!is_static) {  // so small that the searches for the bound end with the optimum
          EXPECT_EQ(bound, optimum) << network.einsum.text();
          EXPECT_EQ(tree.online, optimum);
        }
        met += found == optimum;
        ++networks;
      }
  EXPECT_GE(met, networks * 9 / 10);
}

// Operand k and the next in a ring, and `chords` more bonds.
TensorNetwork ring_with_chords(int operands, int chords, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> texts(static_cast<std::size_t>(operands));
  std::map<spec::Index, std::int64_t> sizes;
  for (int n = 0; n < operands + chords; ++n) {
    const std::string name = "i" + std::to_string(n);
    const auto a = static_cast<std::size_t>(n < operands ? n : static_cast<int>(random() % texts.size()));
    auto b = static_cast<std::size_t>(n < operands ? (n + 1) % operands : static_cast<int>(random() % texts.size()));
    if (a == b) b = (b + 1) % texts.size();
    texts[a] += " " + name;
    texts[b] += " " + name;
    sizes[name] = static_cast<std::int64_t>(2 + random() % 3);
  }
  std::string equation;
  for (const auto& text : texts) equation += (equation.empty() ? "" : ",") + text;
  return network_from_equation(equation + " -> i0", sizes);
}

TEST(LeastKnownPath, MoreOperandsThanExactThenAPathWithItsBound) {
  for (const auto& [operands, chords] : {std::pair{23, 8}, {32, 12}, {60, 20}}) {
    const TensorNetwork network = ring_with_chords(operands, chords, 5);
    EXPECT_THROW(optimal_path(network), base::ConfigError);
    const BoundedPath found = least_known_path(network);
    EXPECT_FALSE(found.exact);
    EXPECT_EQ(static_cast<int>(found.planned.steps.size()), operands - 1);
    EXPECT_LE(found.lower_bound, found.planned.macs);
    EXPECT_GE(found.gap(), 0);
    EXPECT_EQ(evaluate_path(network, found.planned.path).macs, found.planned.macs);
    if (operands < 60) {
      EXPECT_EQ(least_known_path(network).planned.path.steps, found.planned.path.steps);
    }
  }
}

TEST(LeastKnownPath, ChainThenTheMatrixChainOptimumAndNoGap) {
  constexpr int kCount = 40;
  std::mt19937_64 random(3);
  std::map<spec::Index, std::int64_t> sizes;
  std::string equation;
  std::vector<std::int64_t> dims;
  for (int k = 0; k <= kCount; ++k) {
    dims.push_back(static_cast<std::int64_t>(2 + random() % 60));
    sizes["i" + std::to_string(k)] = dims.back();
    if (k > 0) equation += (k > 1 ? ", i" : "i") + std::to_string(k - 1) + " i" + std::to_string(k);
  }
  // Cormen et al.: the textbook recurrence over intervals.
  std::vector<std::vector<std::int64_t>> least(kCount, std::vector<std::int64_t>(kCount, 0));
  for (std::size_t length = 2; length <= kCount; ++length)
    for (std::size_t i = 0; i + length <= kCount; ++i) {
      least[i][i + length - 1] = INT64_MAX;
      for (std::size_t k = i; k + 1 < i + length; ++k)
        least[i][i + length - 1] = std::min(least[i][i + length - 1], least[i][k] + least[k + 1][i + length - 1] +
                                                                          dims[i] * dims[k + 1] * dims[i + length]);
    }
  const BoundedPath found = least_known_path(network_from_equation(equation + " -> i0 i40", sizes));
  EXPECT_EQ(found.planned.macs, least[0][kCount - 1]);
  EXPECT_EQ(found.lower_bound, found.planned.macs);
  EXPECT_EQ(found.gap(), 0);
}

TEST(LeastKnownPath, UpToTheExactLimitThenExact) {
  const BoundedPath found = least_known_path(ring_with_chords(20, 10, 1));
  EXPECT_TRUE(found.exact);
  EXPECT_EQ(found.lower_bound, found.planned.online_macs);
  EXPECT_EQ(found.gap(), 0);
}

TEST(LeastKnownPath, StaticOperandsBeyondTheExactLimitThenBoundOfOnlineMacs) {
  TensorNetwork network = ring_with_chords(26, 4, 9);
  for (std::size_t k = 1; k < network.size(); ++k) network.is_static[k] = true;
  const BoundedPath found = least_known_path(network);
  EXPECT_LE(found.lower_bound, found.planned.online_macs);
  EXPECT_GT(found.lower_bound, 0);
  EXPECT_LE(found.planned.online_macs, found.planned.macs);
}

TEST(LeastKnownPath, TooManyOperandsThenConfigErrorNamesTheLimit) {
  try {
    least_known_path(ring_with_chords(65, 0, 1));
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("65 operands: paths go up to 64"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace heat::offline
