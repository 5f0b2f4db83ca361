// Trees of low cost by heuristics, and how low a cost can be. Inside this room only.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/path/subset_table.h"

namespace heat::offline {

// A tree as its contractions, operands before results.
struct NearTree {
  std::vector<SubsetPair> steps;
  std::int64_t online = kTooLarge, macs = kTooLarge;
};

struct NearTreeEffort {
  int starts = 128;   // random greedy trees
  int improved = 12;  // the best of them that are improved
  int width = 9;      // leaves of the parts that are ordered anew
};

// The best of seeded random greedy trees, the best of which are improved: parts of up to `width` leaves get the least
// order by the exact search, until no part gains. The same table gives the same tree.
NearTree near_tree(const SubsetTable& table, const NearTreeEffort& effort);

// A cost that no tree is below. Where nothing is precomputed, by exact searches below caps up to tree's cost, as far as a
// fixed amount of work takes them; a search that meets a better tree puts it into `tree`. Otherwise by the operands that
// are not static, each of which some step must read.
std::int64_t lower_bound(const SubsetTable& table, NearTree& tree);

}  // namespace heat::offline
