// Index sets of subsets from one table a byte of the subset.
#include "offline/path/subset_table.h"

#include <algorithm>
#include <bit>

#include "base/errors.h"

namespace heat::offline {

SubsetTable::SubsetTable(const TensorNetwork& network, Precompute policy) : policy_(policy) {
  const std::size_t count = network.size();
  if (count > kMostOperands)
    throw base::ConfigError("einsum of " + std::to_string(count) + " operands: paths go up to " +
                            std::to_string(kMostOperands));
  classes_ = std::make_shared<const IndexClasses>(network.einsum);
  output_ = classes_->output();
  for (std::size_t k = 0; k < count; ++k) {
    const IndexMask& indices = classes_->operands()[k];
    leaves_.push_back({indices, network.is_static[k], elements(indices), 0, 0});
  }
  set_up();
  if (statics_ != 0) whole_static_ = elements(open(statics_));
}

SubsetTable::SubsetTable(const SubsetTable& whole, std::vector<Leaf> leaves, IndexMask output)
    : classes_(whole.classes_),
      leaves_(std::move(leaves)),
      output_(output),
      policy_(whole.policy_),
      whole_static_(whole.whole_static_) {
  set_up();
}

void SubsetTable::set_up() {
  for (std::size_t k = 0; k < leaves_.size(); ++k)
    if (leaves_[k].is_static && policy_ != Precompute::kNever) statics_ |= SubsetMask{1} << k;
  joined_.resize((leaves_.size() + 7) / 8);
  for (std::size_t byte = 0; byte < joined_.size(); ++byte)
    for (std::size_t bits = 1; bits < 256; ++bits) {
      const std::size_t number = byte * 8 + static_cast<std::size_t>(std::countr_zero(bits));
      joined_[byte][bits] = joined_[byte][bits & (bits - 1)];
      if (number < leaves_.size()) joined_[byte][bits] = joined_[byte][bits] | leaves_[number].indices;
    }
}

IndexMask SubsetTable::open(SubsetMask s) const {
  if (std::has_single_bit(s)) return leaves_[static_cast<std::size_t>(std::countr_zero(s))].indices;
  const SubsetMask rest = all() & ~s;
  IndexMask inside, outside = output_;
  for (std::size_t byte = 0; byte < joined_.size(); ++byte) {
    inside = inside | joined_[byte][s >> (8 * byte) & 255];
    outside = outside | joined_[byte][rest >> (8 * byte) & 255];
  }
  return inside & outside;
}

bool SubsetTable::precomputed(SubsetMask s) const {
  if ((s & ~statics_) != 0 || std::has_single_bit(s)) return false;
  if (policy_ == Precompute::kAlways) return true;
  const std::int64_t made = elements(open(s));
  if (policy_ == Precompute::kBelowWhole && made < whole_static_) return true;
  return made <= as_leaf(s).stored;
}

Leaf SubsetTable::as_leaf(SubsetMask s) const {
  Leaf leaf{open(s), (s & ~statics_) == 0, 0, 0, 0};
  for (std::size_t k = 0; k < leaves_.size(); ++k)
    if (s >> k & 1) leaf.stored = capped_sum(leaf.stored, leaves_[k].stored);
  return leaf;
}

spec::ContractionPath linear_path(std::vector<SubsetMask> list, const std::vector<SubsetPair>& steps) {
  spec::ContractionPath path;
  for (const auto& [left, right] : steps) {
    auto i = std::find(list.begin(), list.end(), left) - list.begin();
    auto j = std::find(list.begin(), list.end(), right) - list.begin();
    if (i > j) std::swap(i, j);
    path.steps.emplace_back(static_cast<int>(i), static_cast<int>(j));
    list.erase(list.begin() + j);
    list.erase(list.begin() + i);
    list.push_back(left | right);
  }
  return path;
}

std::vector<SubsetPair> subset_steps(std::size_t count, const spec::ContractionPath& path) {
  if (path.steps.size() + 1 != count)
    throw base::ConfigError("contraction path of " + std::to_string(path.steps.size()) + " steps for " +
                            std::to_string(count) + " operands (expected " + std::to_string(count - 1) + ")");
  std::vector<SubsetMask> list;
  for (std::size_t k = 0; k < count; ++k) list.push_back(SubsetMask{1} << k);
  std::vector<SubsetPair> steps;
  for (const auto& [i, j] : path.steps) {
    if (i < 0 || i >= j || j >= static_cast<int>(list.size()))
      throw base::ConfigError("contraction path: step " + std::to_string(steps.size()) + " takes operands " +
                              std::to_string(i) + " and " + std::to_string(j) + " of " + std::to_string(list.size()) +
                              " (expected first < second)");
    steps.emplace_back(list[static_cast<std::size_t>(i)], list[static_cast<std::size_t>(j)]);
    list.erase(list.begin() + j);
    list.erase(list.begin() + i);
    list.push_back(steps.back().first | steps.back().second);
  }
  return steps;
}

}  // namespace heat::offline
