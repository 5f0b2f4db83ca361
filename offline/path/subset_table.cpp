// Index sets as bit masks; products of sizes from one table a byte of the mask.
#include "offline/path/subset_table.h"

#include <algorithm>
#include <bit>

#include "base/errors.h"

namespace heat::offline {
namespace {

constexpr std::size_t kMostOperands = 22, kMostIndices = 64;

}  // namespace

SubsetTable::SubsetTable(const TensorNetwork& network, Precompute policy) : policy_(policy) {
  const spec::Einsum& e = network.einsum;
  if (e.operands.size() > kMostOperands)
    throw base::ConfigError("einsum of " + std::to_string(e.operands.size()) + " operands: exact paths go up to " +
                            std::to_string(kMostOperands));
  const auto number = [&](const spec::Index& index) {
    const auto found = std::find(index_names_.begin(), index_names_.end(), index);
    if (found != index_names_.end()) return found - index_names_.begin();
    index_names_.push_back(index);
    if (index_names_.size() > kMostIndices)
      throw base::ConfigError("einsum of more than " + std::to_string(kMostIndices) +
                              " indices: exact paths go up to that");
    return static_cast<std::ptrdiff_t>(index_names_.size()) - 1;
  };
  for (std::size_t k = 0; k < e.operands.size(); ++k) {
    IndexMask mask = 0;
    for (const spec::Index& index : e.operands[k]) mask |= IndexMask{1} << number(index);
    leaves_.push_back(mask);
    if (network.is_static[k]) statics_ |= SubsetMask{1} << k;
  }
  for (const spec::Index& index : e.output) output_ |= IndexMask{1} << number(index);
  products_.resize((index_names_.size() + 7) / 8);
  for (std::size_t byte = 0; byte < products_.size(); ++byte)
    for (std::size_t bits = 0; bits < 256; ++bits) {
      std::int64_t product = 1;
      for (std::size_t i = 0; i < 8 && byte * 8 + i < index_names_.size(); ++i)
        if (bits >> i & 1) product = capped_product(product, e.sizes.at(index_names_[byte * 8 + i]));
      products_[byte][bits] = product;
    }
}

IndexMask SubsetTable::open(SubsetMask s) const {
  IndexMask inside = 0, outside = output_;
  for (std::size_t k = 0; k < leaves_.size(); ++k) (s >> k & 1 ? inside : outside) |= leaves_[k];
  return std::has_single_bit(s) ? inside : inside & outside;
}

std::int64_t SubsetTable::elements(IndexMask indices) const {
  std::int64_t product = 1;
  for (std::size_t byte = 0; byte < products_.size(); ++byte)
    product = capped_product(product, products_[byte][indices >> (8 * byte) & 255]);
  return product;
}

bool SubsetTable::precomputed(SubsetMask s) const {
  if (policy_ == Precompute::kNever || (s & ~statics_) != 0 || std::has_single_bit(s)) return false;
  if (policy_ == Precompute::kAlways) return true;
  if (policy_ == Precompute::kBelowWhole && elements(open(s)) < elements(open(statics_))) return true;
  std::int64_t replaced = 0;
  for (std::size_t k = 0; k < leaves_.size(); ++k)
    if (s >> k & 1) replaced = capped_sum(replaced, elements(leaves_[k]));
  return elements(open(s)) <= replaced;
}

std::vector<spec::Index> SubsetTable::names(IndexMask indices,
                                            const std::vector<std::vector<spec::Index>>& order) const {
  std::vector<spec::Index> out;
  for (const auto& list : order)
    for (const spec::Index& index : list) {
      const auto number = std::find(index_names_.begin(), index_names_.end(), index) - index_names_.begin();
      if ((indices >> number & 1) && std::find(out.begin(), out.end(), index) == out.end()) out.push_back(index);
    }
  return out;
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
