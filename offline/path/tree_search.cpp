// Dynamic programming over subsets (as in Pfeifer, Haegeman, Verstraete 2014, "Faster identification of optimal
// contraction sequences"): the best trees of a subset come from the best of its two halves. Keeping the k best of every
// subset instead of one gives the k best trees. Subsets are left out where
// - they and the least step that must still take them cost more than the cap. Static subsets are not subject to it: what
//   they cost may be paid before inference;
// - for a single tree: the tree could be turned at this place into a cheaper one. A subset S = (A, B) that sums over
//   nothing is next contracted with some Z, and then ((A, B), Z) must cost no more than ((A, Z), B) and ((B, Z), A). With
//   V the elements of A, B and Z joined, a the elements that A alone has, a' those that A and Z alone share and sum over
//   (b, b' likewise), these cost |S| + V, V/b + V/a' and V/a + V/b'. So outer products stay only where the next step
//   takes them up whole.
#include "offline/path/tree_search.h"

#include <algorithm>
#include <bit>

namespace heat::offline {
namespace {

// Static operands up to which their subsets are searched without a cap (beyond, a precomputed node whose own inner
// steps cost more than the whole online path is not considered).
constexpr int kMostUncapped = 12;
// Operands up to which a bit for every subset is cheap.
constexpr int kMostMarked = 24;

}  // namespace

// Two subsets and their union.
struct TreeSearch::Join {
  const Subset &left, &right;
  SubsetMask mask;
  IndexMask indices, open;  // of both; of the union
  std::int64_t elements;    // of the union
};

TreeSearch::TreeSearch(const SubsetTable& table, int k) : table_(table), k_(static_cast<std::size_t>(k)) {
  if (std::popcount(table.statics()) <= kMostUncapped) uncapped_ = table.statics();
}

std::int64_t TreeSearch::least_cost() const {
  if (table_.statics() == table_.all()) return 0;
  std::int64_t least = table_.elements(table_.output());
  for (int k = 0; k < table_.operands(); ++k)
    if ((table_.statics() >> k & 1) == 0) least = std::max(least, table_.elements(table_.leaf(k).indices));
  return least;
}

bool TreeSearch::search(std::int64_t cap, std::int64_t most_tests) {
  cap_ = cap;
  tests_ = 0;
  numbers_.clear();
  targets_.clear();
  subsets_.clear();
  dead_.assign(table_.operands() <= kMostMarked ? (table_.all() >> 6) + 1 : 0, 0);
  examined_ = dead_;
  by_size_.assign(static_cast<std::size_t>(table_.operands()) + 1, {});
  for (int k = 0; k < table_.operands(); ++k) {
    const Leaf& leaf = table_.leaf(k);
    const SubsetMask mask = SubsetMask{1} << k;
    add_subset({mask, leaf.indices, table_.elements(leaf.indices), false, {{leaf.online, leaf.macs, 0, 0, 0, 0}}});
  }
  sort_size(1);
  for (int size = 2; size <= table_.operands(); ++size) {
    const double pairs = pair_tests(size), splits = submask_tests(size);
    const double tests = static_cast<double>(tests_) + std::min(pairs, splits);
    if (tests > static_cast<double>(most_tests)) return false;
    tests_ = static_cast<std::int64_t>(std::min(tests, 0x1p62));
    if (pairs <= splits)
      join_pairs(size);
    else
      split_subsets(size);
    sort_size(size);
  }
  return true;
}

const std::vector<Tree>& TreeSearch::found() const {
  static const std::vector<Tree> kNone;
  const int whole = position(table_.all());
  return whole < 0 ? kNone : at(whole).trees;
}

std::vector<SubsetPair> TreeSearch::steps(int rank) const {
  std::vector<SubsetPair> list;
  collect(table_.all(), rank, list);
  return list;
}

void TreeSearch::collect(SubsetMask mask, int rank, std::vector<SubsetPair>& steps) const {
  if (std::has_single_bit(mask)) return;
  const Tree& tree = at(position(mask)).trees[static_cast<std::size_t>(rank)];
  collect(tree.left, tree.left_rank, steps);
  collect(mask ^ tree.left, tree.right_rank, steps);
  steps.emplace_back(tree.left, mask ^ tree.left);
}

int TreeSearch::add_subset(Subset subset) {
  // Whatever takes the subset reads its elements.
  const bool taken = subset.mask != table_.all() && !all_static(subset.mask);
  const auto number = static_cast<int>(subsets_.size());
  targets_.push_back({taken ? cap_ - subset.elements : kTooLarge, subset.elements});
  numbers_.set(subset.mask, number);
  added_.push_back(number);
  subsets_.push_back(std::move(subset));
  return number;
}

// Whether the elements of a subset, made by one step and read by another, are more than the cap alone.
bool TreeSearch::dies(SubsetMask mask) {
  const std::uint64_t bit = std::uint64_t{1} << (mask & 63);
  if (dead_.empty() || (examined_[mask >> 6] & bit) != 0 || mask == table_.all()) return false;
  examined_[mask >> 6] |= bit;
  if (table_.elements(table_.open(mask)) <= cap_ / 2) return false;
  dead_[mask >> 6] |= bit;
  return true;
}

void TreeSearch::sort_size(int size) {
  std::sort(added_.begin(), added_.end(), [&](int a, int b) {
    return std::tie(at(a).trees[0].online, at(a).mask) < std::tie(at(b).trees[0].online, at(b).mask);
  });
  Size& list = by_size_[static_cast<std::size_t>(size)];
  for (int subset : added_) {
    list.masks.push_back(at(subset).mask);
    list.online.push_back(at(subset).trees[0].online);
    list.elements.push_back(at(subset).elements);
    list.subsets.push_back(subset);
  }
  added_.clear();
}

double TreeSearch::pair_tests(int size) const {
  double tests = 0;
  for (int a = 1; 2 * a <= size; ++a)
    tests += static_cast<double>(by_size_[static_cast<std::size_t>(a)].masks.size()) *
             static_cast<double>(by_size_[static_cast<std::size_t>(size - a)].masks.size());
  return tests;
}

double TreeSearch::submask_tests(int size) const {
  constexpr double kSplit = 4;  // what a split costs beside a pair of a sorted list: its halves are looked up
  double subsets = 1;
  for (int i = 0; i < size; ++i) subsets = subsets * (table_.operands() - i) / (i + 1);
  return subsets * static_cast<double>(std::uint64_t{1} << (size - 1)) * kSplit;
}

// All disjoint pairs of known subsets of together `size` operands.
void TreeSearch::join_pairs(int size) {
  for (int a = 1; 2 * a <= size; ++a) {
    const Size& small = by_size_[static_cast<std::size_t>(a)];
    for (std::size_t i = 0; i < small.masks.size(); ++i)
      join_row(small, i, by_size_[static_cast<std::size_t>(size - a)]);
  }
}

// A subset with all of a list that are disjoint from it. As lists are sorted, a pair that costs too much ends the row,
// unless it is static.
void TreeSearch::join_row(const Size& small, std::size_t i, const Size& large) {
  const SubsetMask mask = small.masks[i];
  const bool capped = !all_static(mask);
  const std::int64_t online = small.online[i], elements = small.elements[i];
  auto end = large.online.end();
  if (capped) end = std::upper_bound(large.online.begin(), end, cap_ - online);
  const auto count = static_cast<std::size_t>(end - large.online.begin());
  if (disjoint_.size() < count) disjoint_.resize(count);
  std::size_t found = 0;
  for (std::size_t j = &small == &large ? i + 1 : 0; j < count; ++j) {  // without branches, which would be mispredicted
    disjoint_[found] = static_cast<std::uint32_t>(j);
    found += (mask & large.masks[j]) == 0;
  }
  for (std::size_t d = 0; d < found; ++d) {
    const std::uint32_t j = disjoint_[d];
    if (capped) {  // most pairs end here: no better than what is known
      const std::int64_t least = std::max(elements, large.elements[j]), both = online + large.online[j];
      if (least > cap_ - both || is_dead(mask | large.masks[j])) continue;
      const int number = numbers_.find(mask | large.masks[j]);
      if (number >= 0 && std::max(least, target(number).elements) > target(number).ceiling - both) continue;
    }
    join(small.subsets[i], large.subsets[j]);
  }
}

// All splits of all subsets of `size` operands.
void TreeSearch::split_subsets(int size) {
  const std::uint64_t end = table_.all() + 1;
  for (std::uint64_t s = (std::uint64_t{1} << size) - 1; s < end;) {
    const SubsetMask low = s & -s, rest = s ^ low;
    for (SubsetMask right = rest; right != 0; right = (right - 1) & rest) {
      const int j = position(right);
      if (j < 0) continue;
      const int i = position(s ^ right);
      if (i >= 0) join(i, j);
    }
    const std::uint64_t next = s + low;  // next number with as many bits
    s = (((next ^ s) >> 2) / low) | next;
  }
}

void TreeSearch::join(int i, int j) {
  if ((at(i).mask & -at(i).mask) > (at(j).mask & -at(j).mask)) std::swap(i, j);  // the lowest operand is in the left
  const Subset &left = at(i), &right = at(j);
  const SubsetMask mask = left.mask | right.mask;
  const bool capped = !all_static(mask);
  const std::int64_t limit = (mask & ~uncapped_) == 0 ? kTooLarge - 1 : cap_;
  int known = position(mask);
  if (known < 0 && capped && dies(mask)) return;
  const std::int64_t ceiling = known < 0 ? limit : std::min(limit, target(known).ceiling);
  const std::int64_t least = capped_sum(left.trees[0].online, right.trees[0].online);
  if (capped && capped_sum(least, std::max(left.elements, right.elements)) > ceiling) return;
  const IndexMask indices = left.open | right.open;
  const std::int64_t macs = table_.elements(indices);
  const std::int64_t cost = capped_sum(least, macs);
  if (capped && cost > ceiling) return;
  const IndexMask open = known < 0 ? table_.open(mask) : at(known).open;
  const Join both{left, right, mask, indices, open, known < 0 ? table_.elements(open) : at(known).elements};
  if (capped && (wasteful(left, right, both, macs) || wasteful(right, left, both, macs))) return;
  if (capped && capped_sum(cost, next_step(both)) > limit) return;
  if (known < 0) {
    Subset made{mask, open, both.elements, table_.precomputed(mask), {}};
    combine(left, right, made, macs, limit);
    if (made.trees.empty()) return;
    known = add_subset(std::move(made));  // invalidates left and right
  } else {
    combine(left, right, subsets_[static_cast<std::size_t>(known)], macs, limit);
  }
  const Subset& made = at(known);
  if (made.trees.size() == k_ && !made.precomputed)
    target(known).ceiling = std::min(target(known).ceiling, made.trees.back().online);
}

// Whether (s, other), which takes `macs`, costs more than another order of s's halves and `other` (see above).
bool TreeSearch::wasteful(const Subset& s, const Subset& other, const Join& join, std::int64_t macs) const {
  if (k_ > 1 || macs == kTooLarge || std::has_single_bit(s.mask) || all_static(s.mask)) return false;
  const IndexMask& a = at(position(s.trees[0].left)).open;
  const IndexMask& b = at(position(s.mask ^ s.trees[0].left)).open;
  if (!((a | b) - s.open).empty()) return false;
  const auto turned = [&](const IndexMask& first, const IndexMask& second) {  // ((first, other), second)
    const std::int64_t left_out = table_.elements(second - (first | other.open));
    const std::int64_t summed = table_.elements(((first & other.open) - second) - join.open);
    return capped_sum(macs / left_out, macs / summed);
  };
  const std::int64_t cost = capped_sum(s.elements, macs);
  return cost > turned(a, b) || cost > turned(b, a);
}

// What the step that takes the union costs at least. Where the union sums over nothing, the next step must not be wasteful
// either: then bonds of one half with the outside are all in it and summed over, or none of them is, and it takes at least
// as many times the union's elements as they have; where the other half has no such bonds, this holds of each bond alone.
std::int64_t TreeSearch::next_step(const Join& join) const {
  if (join.mask == table_.all()) return 0;
  if (k_ > 1 || join.open != join.indices) return join.elements;
  const IndexMask left = (join.left.open - join.right.open) & table_.bonds();
  const IndexMask right = (join.right.open - join.left.open) & table_.bonds();
  std::int64_t factor;
  if (!left.empty() && !right.empty())
    factor = std::max(table_.elements(left), table_.elements(right));
  else
    factor = table_.largest(left | right);
  return capped_product(join.elements, factor);
}

// Merges the combinations of both halves' trees into the target's k best (of a precomputed one: the best alone, the
// others cost the same). Combination (a, b) has (a+1)(b+1)-1 others that are no worse, so beyond k none is needed.
void TreeSearch::combine(const Subset& left, const Subset& right, Subset& target, std::int64_t macs,
                         std::int64_t limit) const {
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

}  // namespace heat::offline
