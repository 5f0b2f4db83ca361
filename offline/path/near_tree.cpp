// Random greedy trees with the score of Gray and Kourtis 2021 ("Hyper-optimized tensor network contraction"): elements of
// the result less a weight times those of the operands, on a logarithmic scale, with Gumbel noise. Then subtrees are
// ordered anew as there, here by the exact search.
#include "offline/path/near_tree.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "base/random.h"
#include "offline/path/tree_search.h"

namespace heat::offline {
namespace {

constexpr std::uint64_t kSeed = 1;

// A tree whose parts can be replaced.
class MutableTree {
 public:
  MutableTree(const SubsetTable& table, const std::vector<SubsetPair>& steps) : table_(table) { take(steps); }

  // Orders every part of `width` leaves anew, from the root on, until none gains.
  void improve(int width) {
    for (bool gained = true; gained;) gained = improve_below(table_.all(), width);
  }

  NearTree result() const {
    const Leaf whole = cost(table_.all());
    NearTree tree{{}, whole.online, whole.macs};
    collect(table_.all(), tree.steps);
    return tree;
  }

 private:
  void take(const std::vector<SubsetPair>& steps) {
    for (const SubsetPair& step : steps) halves_[step.first | step.second] = step;
  }

  void collect(SubsetMask mask, std::vector<SubsetPair>& steps) const {
    if (std::has_single_bit(mask)) return;
    const SubsetPair& halves = halves_.at(mask);
    collect(halves.first, steps);
    collect(halves.second, steps);
    steps.push_back(halves);
  }

  std::int64_t step_macs(SubsetMask mask) const {
    const SubsetPair& halves = halves_.at(mask);
    return table_.elements(table_.open(halves.first) | table_.open(halves.second));
  }

  // The subset as a leaf with the cost of its tree.
  Leaf cost(SubsetMask mask) const {
    Leaf leaf = table_.as_leaf(mask);
    if (std::has_single_bit(mask)) return leaf;
    const Leaf left = cost(halves_.at(mask).first), right = cost(halves_.at(mask).second);
    const std::int64_t macs = step_macs(mask);
    leaf.macs = capped_sum(capped_sum(left.macs, right.macs), macs);
    leaf.online = table_.precomputed(mask) ? 0 : capped_sum(capped_sum(left.online, right.online), macs);
    return leaf;
  }

  // The roots of the part below `root`: its dearest nodes are opened first.
  std::vector<SubsetMask> part(SubsetMask root, int width) const {
    std::vector<SubsetMask> leaves{root};
    while (static_cast<int>(leaves.size()) < width) {
      auto dearest = leaves.end();
      std::int64_t most = -1;
      for (auto it = leaves.begin(); it != leaves.end(); ++it)
        if (!std::has_single_bit(*it) && step_macs(*it) > most) {
          most = step_macs(*it);
          dearest = it;
        }
      if (dearest == leaves.end()) break;
      const SubsetPair halves = halves_.at(*dearest);
      *dearest = halves.first;
      leaves.push_back(halves.second);
    }
    return leaves;
  }

  bool improve_below(SubsetMask root, int width) {
    if (std::popcount(root) < 3 || table_.precomputed(root)) return false;
    bool gained = improve_part(root, width);
    const SubsetPair halves = halves_.at(root);
    gained = improve_below(halves.first, width) || gained;
    return improve_below(halves.second, width) || gained;
  }

  bool improve_part(SubsetMask root, int width) {
    const std::vector<SubsetMask> parts = part(root, width);
    std::vector<Leaf> leaves;
    for (const SubsetMask mask : parts) leaves.push_back(cost(mask));
    const Leaf now = cost(root);
    const SubsetTable table(table_, leaves, now.indices);
    TreeSearch search(table, 1);
    search.search(now.online);
    if (search.found().empty()) return false;
    const Tree& best = search.found()[0];
    if (std::pair(best.online, best.macs) >= std::pair(now.online, now.macs)) return false;
    const auto joined = [&](SubsetMask numbers) {
      SubsetMask mask = 0;
      for (std::size_t k = 0; k < parts.size(); ++k)
        if (numbers >> k & 1) mask |= parts[k];
      return mask;
    };
    std::vector<SubsetPair> steps;
    for (const SubsetPair& step : search.steps(0)) steps.emplace_back(joined(step.first), joined(step.second));
    take(steps);
    return true;
  }

  const SubsetTable& table_;
  std::unordered_map<SubsetMask, SubsetPair> halves_;
};

// Joins the pair of least score until one subset is left.
class Greedy {
 public:
  Greedy(const SubsetTable& table, int start)
      : table_(table), random_(base::counter_hash(kSeed, static_cast<std::uint64_t>(start))) {
    weight_ = start == 0 ? 1 : 2 * random_.uniform();
    noise_ = start == 0 ? 0 : std::exp2(-8 * random_.uniform());
  }

  std::vector<SubsetPair> steps() {
    for (int k = 0; k < table_.operands(); ++k) add(SubsetMask{1} << k);
    std::vector<SubsetPair> list;
    while (live_.size() > 1) {
      std::size_t first = 0, second = 1;
      for (std::size_t i = 0; i < live_.size(); ++i)
        for (std::size_t j = i + 1; j < live_.size(); ++j)
          if (scores_[live_[j]][live_[i]] < scores_[live_[second]][live_[first]]) {
            first = i;
            second = j;
          }
      const SubsetPair step{nodes_[live_[first]].mask, nodes_[live_[second]].mask};
      list.push_back(step);
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(second));
      live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(first));
      add(step.first | step.second);
    }
    return list;
  }

 private:
  struct Node {
    SubsetMask mask;
    double elements;
  };

  double elements(SubsetMask mask) const { return static_cast<double>(table_.elements(table_.open(mask))); }

  void add(SubsetMask mask) {
    const Node node{mask, elements(mask)};
    std::vector<double> scores(nodes_.size());
    for (const std::size_t other : live_) {
      const double gain = elements(mask | nodes_[other].mask) - weight_ * (node.elements + nodes_[other].elements);
      scores[other] = std::copysign(std::log2(1 + std::abs(gain)), gain);
      if (noise_ > 0) scores[other] += 8 * noise_ * std::log(-std::log(random_.uniform() * 0.999998 + 1e-6));
    }
    live_.push_back(nodes_.size());
    nodes_.push_back(node);
    scores_.push_back(std::move(scores));
  }

  const SubsetTable& table_;
  base::CounterRng random_;
  double weight_, noise_;
  std::vector<Node> nodes_;
  std::vector<std::size_t> live_;            // nodes not joined yet, in order of their numbers
  std::vector<std::vector<double>> scores_;  // by node and earlier node
};

bool cheaper(const NearTree& a, const NearTree& b) {
  return std::pair(a.online, a.macs) < std::pair(b.online, b.macs);
}

// Every step reads two operands at most, so of the operands sorted by size at best every second is read for nothing.
std::int64_t reading_bound(const SubsetTable& table) {
  std::vector<std::int64_t> sizes;
  for (int k = 0; k < table.operands(); ++k)
    if ((table.statics() >> k & 1) == 0) sizes.push_back(table.elements(table.leaf(k).indices));
  std::sort(sizes.rbegin(), sizes.rend());
  std::int64_t bound = 0;
  for (std::size_t k = 0; k < sizes.size(); k += 2) bound = capped_sum(bound, sizes[k]);
  return bound;
}

}  // namespace

NearTree near_tree(const SubsetTable& table, const NearTreeEffort& effort) {
  std::vector<NearTree> trees;
  for (int start = 0; start < effort.starts; ++start)
    trees.push_back(MutableTree(table, Greedy(table, start).steps()).result());
  std::stable_sort(trees.begin(), trees.end(), cheaper);
  NearTree best = trees.front();
  for (int k = 0; k < std::min(effort.improved, effort.starts); ++k) {
    MutableTree tree(table, trees[static_cast<std::size_t>(k)].steps);
    tree.improve(effort.width);
    best = std::min(best, tree.result(), cheaper);
  }
  return best;
}

std::int64_t lower_bound(const SubsetTable& table, NearTree& tree) {
  constexpr std::int64_t kMostTests = 60'000'000;  // a second or so
  std::int64_t tests = kMostTests;
  TreeSearch search(table, 1);
  std::int64_t bound = std::max(search.least_cost(), reading_bound(table));
  if (table.statics() != 0) return std::min(bound, tree.online);
  // Caps grow by doubling, then more slowly where that takes too much.
  double factor = 2;
  while (bound < tree.online && factor > 1.02) {
    const double next = std::min(static_cast<double>(bound) * factor, 0x1p62);
    const std::int64_t cap = std::min(std::max(bound, static_cast<std::int64_t>(next)), tree.online - 1);
    const bool ended = search.search(cap, tests);
    tests -= search.tests();
    if (!ended) {
      if (tests < kMostTests / 10) break;
      factor = std::sqrt(factor);
      continue;
    }
    if (!search.found().empty()) {
      tree = {search.steps(0), search.found()[0].online, search.found()[0].macs};
      return tree.online;
    }
    bound = cap + 1;
  }
  return bound;
}

}  // namespace heat::offline
