// Facts about every subset of a network's operands that the dynamic program asks for. Inside this room only.
#pragma once

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "offline/path/optimal_path.h"

namespace heat::offline {

using SubsetMask = std::uint32_t;  // bit k: operand k
using IndexMask = std::uint64_t;   // bit i: index number i

// Sizes saturate here: no cost that reaches it is ever reported.
inline constexpr std::int64_t kTooLarge = INT64_MAX;

// Product and sum that stop at kTooLarge.
inline std::int64_t capped_product(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  return __builtin_mul_overflow(a, b, &result) ? kTooLarge : result;
}
inline std::int64_t capped_sum(std::int64_t a, std::int64_t b) {
  std::int64_t result;
  return __builtin_add_overflow(a, b, &result) ? kTooLarge : result;
}

class SubsetTable {
 public:
  // Throws spec::ConfigError above 22 operands or 64 indices.
  SubsetTable(const TensorNetwork& network, Precompute policy);

  int operands() const { return static_cast<int>(leaves_.size()); }
  SubsetMask all() const { return static_cast<SubsetMask>((std::uint64_t{1} << leaves_.size()) - 1); }
  // Indices of the subset's result: a leaf keeps all of its own; otherwise those that occur outside or in the output.
  IndexMask open(SubsetMask s) const;
  // Product of the sizes of the indices.
  std::int64_t elements(IndexMask indices) const;
  // Whether the subset's result (more than one operand) is made before inference.
  bool precomputed(SubsetMask s) const;

  // Operands known before inference.
  SubsetMask statics() const { return statics_; }
  Precompute policy() const { return policy_; }
  // Names of the indices, in the order in which `order` first has them.
  std::vector<spec::Index> names(IndexMask indices, const std::vector<std::vector<spec::Index>>& order) const;

 private:
  std::vector<IndexMask> leaves_;
  IndexMask output_ = 0;
  SubsetMask statics_ = 0;
  Precompute policy_;
  std::vector<spec::Index> index_names_;
  std::vector<std::array<std::int64_t, 256>> products_;  // by byte of an index mask
};

// A contraction of two subsets.
using SubsetPair = std::pair<SubsetMask, SubsetMask>;

// The steps in opt_einsum's linear form, starting from the list of operands `list`.
spec::ContractionPath linear_path(std::vector<SubsetMask> list, const std::vector<SubsetPair>& steps);
// The inverse, starting from the operands 0 to count-1. Throws spec::ConfigError on a path that does not fit.
std::vector<SubsetPair> subset_steps(std::size_t count, const spec::ContractionPath& path);

}  // namespace heat::offline
