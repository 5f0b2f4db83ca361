// Dynamic programming over subsets (as in Pfeifer, Haegeman, Verstraete 2014, "Faster identification of optimal
// contraction sequences"): the best trees of a subset come from the best of its two halves. Subsets dearer than a cap
// are left out, and the cap is raised until the whole network is met below it: then nothing left out could have been
// part of an answer. Keeping the k best of every subset instead of one gives the k best trees. Static subsets are not
// subject to the cap: what they cost may be paid before inference.
#include "offline/path/optimal_path.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "base/errors.h"
#include "offline/path/subset_table.h"

namespace heat::offline {
namespace {

// One tree over a subset: the trees number `left_rank` of `left` and `right_rank` of the rest of the subset.
struct Tree {
  std::int64_t online = 0, macs = 0, largest = 0;
  SubsetMask left = 0;
  int left_rank = 0, right_rank = 0;

  auto key() const { return std::tie(online, macs, largest, left, left_rank, right_rank); }
  bool operator<(const Tree& other) const { return key() < other.key(); }
};

// A subset with its best trees, sorted.
struct Subset {
  SubsetMask mask;
  IndexMask open;
  std::int64_t elements;
  bool precomputed;
  std::vector<Tree> trees;
};

// Static operands up to which their subsets are searched without a cap (beyond, a precomputed node whose own inner
// steps cost more than the whole online path is not considered).
constexpr int kMostUncapped = 12;

class Search {
 public:
  Search(const SubsetTable& table, int k) : table_(table), k_(static_cast<std::size_t>(k)) {
    slot_.assign(std::size_t{table.all()} + 1, -1);
    if (table.policy() != Precompute::kNever && std::popcount(table.statics()) <= kMostUncapped)
      uncapped_ = table.statics();
  }

  // The best trees of the whole network: k, or all there are.
  const Subset& run() {
    for (std::int64_t cap = first_cap();; cap = capped_product(cap, 4)) {
      fill(cap);
      const int whole = slot_[table_.all()];
      if (whole >= 0 && at(table_.all()).trees.size() >= k_) return at(table_.all());
      if (cap == kTooLarge) {
        if (whole < 0) throw base::ConfigError("no contraction path of this einsum has a cost that fits 63 bits");
        return at(table_.all());
      }
    }
  }

  const Subset& at(SubsetMask mask) const { return subsets_[static_cast<std::size_t>(slot_[mask])]; }

 private:
  // Below every answer: the whole output or the largest operand has to be touched.
  std::int64_t first_cap() const {
    std::int64_t cap = table_.elements(table_.open(table_.all()));
    for (int k = 0; k < table_.operands(); ++k) cap = std::max(cap, table_.elements(table_.open(SubsetMask{1} << k)));
    return capped_product(cap, 4);
  }

  void fill(std::int64_t cap) {
    cap_ = cap;
    for (const Subset& s : subsets_) slot_[s.mask] = -1;
    subsets_.clear();
    by_size_.assign(static_cast<std::size_t>(table_.operands()) + 1, {});
    for (int k = 0; k < table_.operands(); ++k) add(SubsetMask{1} << k).trees.push_back({});
    for (int size = 2; size <= table_.operands(); ++size) {
      if (pair_tests(size) <= submask_tests(size))
        join_pairs(size);
      else
        split_subsets(size);
    }
  }

  Subset& add(SubsetMask mask) {
    slot_[mask] = static_cast<int>(subsets_.size());
    by_size_[static_cast<std::size_t>(std::popcount(mask))].push_back(slot_[mask]);
    const IndexMask open = table_.open(mask);
    return subsets_.emplace_back(Subset{mask, open, table_.elements(open), table_.precomputed(mask), {}});
  }

  double pair_tests(int size) const {
    double tests = 0;
    for (int a = 1; 2 * a <= size; ++a)
      tests += static_cast<double>(by_size_[static_cast<std::size_t>(a)].size()) *
               static_cast<double>(by_size_[static_cast<std::size_t>(size - a)].size());
    return tests;
  }
  double submask_tests(int size) const {
    double subsets = 1;
    for (int i = 0; i < size; ++i) subsets = subsets * (table_.operands() - i) / (i + 1);
    return subsets * static_cast<double>(std::uint64_t{1} << (size - 1)) * 2;
  }

  // All disjoint pairs of known subsets of together `size` operands.
  void join_pairs(int size) {
    for (int a = 1; 2 * a <= size; ++a) {
      const auto& small = by_size_[static_cast<std::size_t>(a)];
      const auto& large = by_size_[static_cast<std::size_t>(size - a)];
      for (int i : small)
        for (int j : large) {
          const SubsetMask left = subsets_[static_cast<std::size_t>(i)].mask,
                           right = subsets_[static_cast<std::size_t>(j)].mask;
          if ((left & right) == 0 && (2 * a < size || left < right)) join(i, j);
        }
    }
  }

  // All splits of all subsets of `size` operands.
  void split_subsets(int size) {
    const std::uint64_t end = std::uint64_t{table_.all()} + 1;
    for (std::uint64_t s = (std::uint64_t{1} << size) - 1; s < end;) {
      const auto mask = static_cast<SubsetMask>(s), low = mask & -mask, rest = mask ^ low;
      for (SubsetMask right = rest; right != 0; right = (right - 1) & rest)
        if (slot_[right] >= 0 && slot_[mask ^ right] >= 0) join(slot_[mask ^ right], slot_[right]);
      const std::uint64_t carry = s & -s, next = s + carry;  // next number with as many bits
      s = (((next ^ s) >> 2) / carry) | next;
    }
  }

  void join(int i, int j) {
    if ((subsets_[static_cast<std::size_t>(i)].mask & -subsets_[static_cast<std::size_t>(i)].mask) >
        (subsets_[static_cast<std::size_t>(j)].mask & -subsets_[static_cast<std::size_t>(j)].mask))
      std::swap(i, j);  // the half with the lowest operand is the left
    const Subset &left = subsets_[static_cast<std::size_t>(i)], &right = subsets_[static_cast<std::size_t>(j)];
    const SubsetMask mask = left.mask | right.mask;
    const std::int64_t limit = (mask & ~uncapped_) == 0 ? kTooLarge - 1 : cap_;
    const std::int64_t least = capped_sum(left.trees[0].online, right.trees[0].online);
    if (least > limit && !table_.precomputed(mask)) return;
    const std::int64_t macs = table_.elements(left.open | right.open);
    if (capped_sum(least, macs) > limit && !table_.precomputed(mask)) return;
    const int known = slot_[mask];
    if (known >= 0) {  // most joins end here: no better than what the target has
      const Subset& target = subsets_[static_cast<std::size_t>(known)];
      if (target.trees.size() == k_ && !target.precomputed && capped_sum(least, macs) > target.trees.back().online)
        return;
    } else {
      add(mask);  // invalidates left and right
    }             // invalidates left and right
    combine(subsets_[static_cast<std::size_t>(i)], subsets_[static_cast<std::size_t>(j)],
            subsets_[static_cast<std::size_t>(slot_[mask])], macs, limit);
    if (known < 0 && subsets_.back().trees.empty()) drop_last();
  }

  // A subset that turned out to have no tree below the cap (it was the last added).
  void drop_last() {
    const SubsetMask mask = subsets_.back().mask;
    by_size_[static_cast<std::size_t>(std::popcount(mask))].pop_back();
    slot_[mask] = -1;
    subsets_.pop_back();
  }

  // Merges the combinations of both halves' trees into the target's k best (of a precomputed one: the best alone, the
  // others cost the same). Combination (a, b) has (a+1)(b+1)-1 others that are no worse, so beyond k none is needed.
  void combine(const Subset& left, const Subset& right, Subset& target, std::int64_t macs, std::int64_t limit) {
    const std::size_t k = target.precomputed ? 1 : k_;
    const auto seen = [](const Subset& s) { return std::has_single_bit(s.mask) || s.precomputed ? 0 : s.elements; };
    for (std::size_t a = 0; a < left.trees.size() && a < k; ++a)
      for (std::size_t b = 0; b < right.trees.size() && (a + 1) * (b + 1) <= k; ++b) {
        const Tree &l = left.trees[a], &r = right.trees[b];
        Tree tree;
        tree.macs = capped_sum(capped_sum(l.macs, r.macs), macs);
        tree.online = target.precomputed ? 0 : capped_sum(capped_sum(l.online, r.online), macs);
        if (tree.online > limit || tree.macs == kTooLarge) continue;
        tree.largest = target.precomputed ? 0 : std::max({l.largest, r.largest, seen(left), seen(right)});
        tree.left = left.mask;
        tree.left_rank = static_cast<int>(a);
        tree.right_rank = static_cast<int>(b);
        auto& trees = target.trees;
        if (trees.size() == k && !(tree < trees.back())) continue;
        if (trees.size() == k) trees.pop_back();
        trees.insert(std::upper_bound(trees.begin(), trees.end(), tree), tree);
      }
  }

  const SubsetTable& table_;
  std::size_t k_;
  std::int64_t cap_ = 0;
  SubsetMask uncapped_ = 0;
  std::vector<int> slot_;  // subset -> position in subsets_, or -1
  std::vector<Subset> subsets_;
  std::vector<std::vector<int>> by_size_;
};

// Steps of a tree in post-order, operands as subsets.
void collect(const Search& search, SubsetMask mask, int rank, std::vector<SubsetPair>& steps) {
  if (std::has_single_bit(mask)) return;
  const Tree& tree = search.at(mask).trees[static_cast<std::size_t>(rank)];
  collect(search, tree.left, tree.left_rank, steps);
  collect(search, mask ^ tree.left, tree.right_rank, steps);
  steps.emplace_back(tree.left, mask ^ tree.left);
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
  if (table.operands() == 1) return {evaluate_path(network, {}, policy)};
  Search search(table, k);
  const std::size_t found = search.run().trees.size();
  std::vector<SubsetMask> leaves;
  for (int n = 0; n < table.operands(); ++n) leaves.push_back(SubsetMask{1} << n);
  std::vector<PlannedPath> paths;
  for (std::size_t rank = 0; rank < found; ++rank) {
    std::vector<SubsetPair> steps;
    collect(search, table.all(), static_cast<int>(rank), steps);
    paths.push_back(evaluate_path(network, linear_path(leaves, steps), policy));
  }
  return paths;
}

PlannedPath optimal_path(const TensorNetwork& network, Precompute policy) {
  return k_best_paths(network, 1, policy).front();
}

}  // namespace heat::offline
