// The search for trees of least cost over subsets of operands, below a cap. Inside this room only.
#pragma once

#include <cstdint>
#include <tuple>
#include <vector>

#include "offline/path/slot_map.h"
#include "offline/path/subset_table.h"

namespace heat::offline {

// One tree over a subset: the trees number `left_rank` of `left` and `right_rank` of the rest of the subset.
struct Tree {
  std::int64_t online = 0, macs = 0, largest = 0;
  SubsetMask left = 0;
  int left_rank = 0, right_rank = 0;

  auto key() const { return std::tie(online, macs, largest, left, left_rank, right_rank); }
  bool operator<(const Tree& other) const { return key() < other.key(); }
};

class TreeSearch {
 public:
  // For the k least trees of the table's network.
  TreeSearch(const SubsetTable& table, int k);

  // Finds the trees that cost at most `cap` online. False when that would take more than `most_tests` pairs of subsets
  // (then nothing is known).
  bool search(std::int64_t cap, std::int64_t most_tests = kTooLarge);
  // Work of the last search, in pairs of subsets looked at.
  std::int64_t tests() const { return tests_; }
  // What the last search found of the whole network, sorted: the k least, or fewer when no more are below the cap.
  const std::vector<Tree>& found() const;
  // The contractions of a tree found, operands before results.
  std::vector<SubsetPair> steps(int rank) const;
  // Below every tree's cost, as the whole output or the largest operand has to be touched.
  std::int64_t least_cost() const;

 private:
  // A subset with its best trees, sorted.
  struct Subset {
    SubsetMask mask;
    IndexMask open;
    std::int64_t elements;
    bool precomputed;
    std::vector<Tree> trees;
  };
  // What is known of a subset that some tree makes.
  struct Target {
    std::int64_t ceiling;   // above this cost a further tree is of no use
    std::int64_t elements;  // of the result
  };
  // The subsets of one size, sorted by cost.
  struct Size {
    std::vector<SubsetMask> masks;
    std::vector<std::int64_t> online, elements;
    std::vector<int> subsets;
  };
  struct Join;

  const Subset& at(int subset) const { return subsets_[static_cast<std::size_t>(subset)]; }
  Target& target(int number) { return targets_[static_cast<std::size_t>(number)]; }
  // Position of a subset that has trees, or -1.
  int position(SubsetMask mask) const { return numbers_.find(mask); }
  // Subsets known to cost more than the cap whatever makes them.
  bool is_dead(SubsetMask mask) const { return (mask >> 6) < dead_.size() && dead_[mask >> 6] >> (mask & 63) & 1; }
  bool dies(SubsetMask mask);
  int add_subset(Subset subset);
  double pair_tests(int size) const;
  double submask_tests(int size) const;
  void join_pairs(int size);
  void join_row(const Size& small, std::size_t i, const Size& large);
  void split_subsets(int size);
  void sort_size(int size);
  void join(int i, int j);
  bool all_static(SubsetMask mask) const { return (mask & ~table_.statics()) == 0; }
  bool wasteful(const Subset& s, const Subset& other, const Join& join, std::int64_t macs) const;
  std::int64_t next_step(const Join& join) const;
  void combine(const Subset& left, const Subset& right, Subset& target, std::int64_t macs, std::int64_t limit) const;
  void collect(SubsetMask mask, int rank, std::vector<SubsetPair>& steps) const;

  const SubsetTable& table_;
  std::size_t k_;
  std::int64_t cap_ = 0, tests_ = 0;
  SubsetMask uncapped_ = 0;
  SlotMap numbers_;  // positions in the next two
  std::vector<Target> targets_;
  std::vector<std::uint64_t> dead_, examined_;  // bits by subset; empty where there are too many subsets
  std::vector<Subset> subsets_;
  std::vector<int> added_;  // subsets of the size at work
  std::vector<Size> by_size_;
  std::vector<std::uint32_t> disjoint_;  // positions in a list
};

}  // namespace heat::offline
