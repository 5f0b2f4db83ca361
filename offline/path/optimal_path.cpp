// The exact search of tree_search.h, its cap raised until the trees asked for are met below it: then nothing left out
// could have been part of an answer. A tree found by heuristics is a cap that one search suffices with.
#include "offline/path/optimal_path.h"

#include <algorithm>

#include "base/errors.h"
#include "offline/path/near_tree.h"
#include "offline/path/subset_table.h"
#include "offline/path/tree_search.h"

namespace heat::offline {
namespace {

constexpr int kMostExact = 22;
// Operands from which a heuristic tree costs less time than searches below small caps.
constexpr int kWorthHeuristics = 12;
constexpr NearTreeEffort kForACap{.starts = 24, .improved = 4, .width = 7};

std::vector<SubsetMask> single_operands(int count) {
  std::vector<SubsetMask> leaves;
  for (int n = 0; n < count; ++n) leaves.push_back(SubsetMask{1} << n);
  return leaves;
}

// Searches until the k least trees are found: below `cap`, then below ever larger ones.
void search_from(TreeSearch& search, std::int64_t cap, std::size_t k) {
  for (;; cap = capped_product(cap, 4)) {
    search.search(cap);
    if (search.found().size() >= k) return;
    if (cap == kTooLarge) break;
  }
  if (search.found().empty())
    throw base::ConfigError("no contraction path of this einsum has a cost that fits 63 bits");
}

std::int64_t first_cap(const SubsetTable& table, const TreeSearch& search) {
  const std::int64_t least = capped_product(std::max<std::int64_t>(search.least_cost(), 1), 4);
  if (table.operands() < kWorthHeuristics) return least;
  return std::max(std::min(near_tree(table, kForACap).online, kTooLarge - 1), search.least_cost());
}

std::vector<PlannedPath> planned_paths(const TensorNetwork& network, const TreeSearch& search, Precompute policy) {
  const std::vector<SubsetMask> operands = single_operands(static_cast<int>(network.size()));
  std::vector<PlannedPath> paths;
  for (std::size_t rank = 0; rank < search.found().size(); ++rank)
    paths.push_back(evaluate_path(network, linear_path(operands, search.steps(static_cast<int>(rank))), policy));
  return paths;
}

}  // namespace

Precompute precompute_from_name(const std::string& name) {
  if (name == "never") return Precompute::kNever;
  if (name == "shrinking") return Precompute::kShrinking;
  if (name == "below-whole") return Precompute::kBelowWhole;
  if (name == "always") return Precompute::kAlways;
  throw base::ConfigError("unknown precompute policy '" + name + "': expected never, shrinking, below-whole or always");
}

std::vector<PlannedPath> k_best_paths(const TensorNetwork& network, int k, Precompute policy) {
  if (k < 1) throw base::ConfigError("number of paths " + std::to_string(k) + ": expected at least 1");
  const SubsetTable table(network, policy);
  if (table.operands() > kMostExact)
    throw base::ConfigError("einsum of " + std::to_string(table.operands()) + " operands: exact paths go up to " +
                            std::to_string(kMostExact));
  if (table.operands() == 1) return {evaluate_path(network, {}, policy)};
  TreeSearch one(table, 1);
  search_from(one, first_cap(table, one), 1);
  if (k == 1) return planned_paths(network, one, policy);
  TreeSearch several(table, k);  // what the search for one leaves out of other trees counts now
  search_from(several, std::max<std::int64_t>(one.found()[0].online, 1), static_cast<std::size_t>(k));
  return planned_paths(network, several, policy);
}

PlannedPath optimal_path(const TensorNetwork& network, Precompute policy) {
  return k_best_paths(network, 1, policy).front();
}

BoundedPath least_known_path(const TensorNetwork& network, Precompute policy) {
  if (network.size() <= kMostExact) {
    PlannedPath planned = optimal_path(network, policy);
    const std::int64_t least = planned.online_macs;
    return {std::move(planned), least, true};
  }
  const SubsetTable table(network, policy);
  NearTree tree = near_tree(table, {});
  const std::int64_t bound = lower_bound(table, tree);
  if (tree.online == kTooLarge) throw base::ConfigError("no contraction path found whose cost fits 63 bits");
  const auto path = linear_path(single_operands(table.operands()), tree.steps);
  return {evaluate_path(network, path, policy), bound, false};
}

}  // namespace heat::offline
