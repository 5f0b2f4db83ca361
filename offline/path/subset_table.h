// Facts about every subset of a network's operands that the searches ask for. Inside this room only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "offline/path/index_classes.h"
#include "offline/path/optimal_path.h"

namespace heat::offline {

using SubsetMask = std::uint64_t;  // bit k: operand k

inline constexpr std::size_t kMostOperands = 64;

// One operand, or what a tree over several of them makes.
struct Leaf {
  IndexMask indices;
  bool is_static = false;
  std::int64_t stored = 0;            // elements of the static operands in it
  std::int64_t online = 0, macs = 0;  // cost of the tree that makes it
};

class SubsetTable {
 public:
  // Throws base::ConfigError above 64 operands or 256 classes of indices.
  SubsetTable(const TensorNetwork& network, Precompute policy);
  // A part of the network of `whole`: a tree's leaves and the indices of its result.
  SubsetTable(const SubsetTable& whole, std::vector<Leaf> leaves, IndexMask output);

  int operands() const { return static_cast<int>(leaves_.size()); }
  SubsetMask all() const { return ~SubsetMask{0} >> (kMostOperands - leaves_.size()); }
  const Leaf& leaf(int number) const { return leaves_[static_cast<std::size_t>(number)]; }
  const IndexMask& output() const { return output_; }
  // Indices of two operands of the network that are not in the output: whoever contracts the two sums over them.
  IndexMask bonds() const { return classes_->bonds() - output_; }
  // Indices of the subset's result: a leaf keeps all of its own; otherwise those that occur outside or in the output.
  IndexMask open(SubsetMask s) const;
  std::int64_t elements(const IndexMask& indices) const { return classes_->elements(indices); }
  std::int64_t largest(const IndexMask& indices) const { return classes_->largest(indices); }
  // Whether the subset's result (more than one operand) is made before inference.
  bool precomputed(SubsetMask s) const;

  // Operands known before inference; empty where nothing is precomputed.
  SubsetMask statics() const { return statics_; }
  // The leaf that a subset with this result and tree is to a larger network.
  Leaf as_leaf(SubsetMask s) const;

 private:
  void set_up();

  std::shared_ptr<const IndexClasses> classes_;
  std::vector<Leaf> leaves_;
  IndexMask output_;
  SubsetMask statics_ = 0;
  Precompute policy_;
  std::int64_t whole_static_ = 0;                   // elements of what all static operands together make
  std::vector<std::array<IndexMask, 256>> joined_;  // by byte of a subset: indices of its operands
};

// A contraction of two subsets.
using SubsetPair = std::pair<SubsetMask, SubsetMask>;

// The steps in opt_einsum's linear form, starting from the list of operands `list`.
spec::ContractionPath linear_path(std::vector<SubsetMask> list, const std::vector<SubsetPair>& steps);
// The inverse, starting from the operands 0 to count-1. Throws base::ConfigError on a path that does not fit.
std::vector<SubsetPair> subset_steps(std::size_t count, const spec::ContractionPath& path);

}  // namespace heat::offline
