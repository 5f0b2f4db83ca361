// The mapping search: tiles, orders and spatial split of every node of a group, the group's step and what it pins.
//
// The space, exactly. For a node whose extents in a step are B, M, N, K, and part counts q (map_space.h: part_counts):
//
//   pe_tile      ceil(extent / q) rounded up to the grain of a PE in each of b, m, n, k; at most the extent (so padded
//                tiles are in the space)
//   spatial      every b and m split whose product is at most the PEs, with the largest n split that then fits and is
//                used; k is not split, or all its PE tiles are on PEs at once, where they are a power of two and no PE
//                is idle
//   wave_order   both
//   gb_order     all six
//   gb_tile      multiples of the wave in b, m, n (ceil(waves / q) waves) with the whole of k; or one wave in b, m, n
//                with multiples of the wave in k
//   step         one GEMM: the whole share (tiles do the rest). Otherwise ceil(share / q), the largest first, until two
//                in a row are no improvement
//   pinned       one GEMM: nothing, the weights, or the inputs (whole, or each chiplet's share at a step where that is
//                one block). Otherwise the first that fits of: all operands that do not hold the bound index, all but
//                the largest, nothing (in a single step: nothing); each with and without the shares of the operands
//                that hold it
//
// For one GEMM the result is the optimum of that space ("proven"): branch and bound discards only what a lower bound
// rules out; a test compares with exhaustive search. In a group of several nodes every node is optimal for the slots it
// gets, and slots come from a menu when the nodes' own choices do not fit together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "machines/machine.h"
#include "machines/objective.h"
#include "spec/plan.h"

namespace heat::offline::mapper {

using machines::Goal;
using machines::GroupCost;
using machines::Machine;
using machines::Objective;
using machines::objective_name;
using machines::objective_value;
using machines::parse_objective;

// The space of one GEMM in one sentence, for results.
extern const char* const kGemmSpace;

struct SearchOptions {
  Objective objective = Objective::kEdp;
  bool pin = true;          // consider pinning
  std::int64_t step = 0;    // 0: choose; else fixed
  bool exhaustive = false;  // visit the whole space without bounds (tests)
  double gap = 0;           // a node's mapping may be above the best by this share of itself: far fewer are looked at
  // Both set: minimises energy_pj * energy_weight + cycles * cycle_weight instead (objective.h: Goal).
  double energy_weight = 0, cycle_weight = 0;
  std::size_t keep = 1;  // of one GEMM, without a cache: how many of the best groups are of interest
  double cutoff = -1;    // only groups with a value of the goal below this are of interest; negative: all
  Goal goal() const { return {objective, energy_weight, cycle_weight}; }
};

// A mapping of a group, or why there is none.
struct SearchResult {
  bool feasible = false;
  std::string reason;      // when infeasible: what does not fit, with figures
  spec::FusedGroup group;  // the one asked about with step, pins, mappings and predictions; as it was when infeasible
  GroupCost cost;
  std::vector<spec::FusedGroup> kept;  // without a cache: the best ones, `group` first
  bool proven_optimal = false;
  std::int64_t evaluated = 0;   // mappings costed in full
  std::int64_t considered = 0;  // mappings of the space covered, by cost or by bound
  double wall_s = 0;
};

// Results of node searches, by everything they depend on but the machine.
class SearchCache {
 public:
  SearchCache();
  ~SearchCache();
  struct Data;
  Data& data() { return *data_; }

 private:
  std::unique_ptr<Data> data_;
};

// Finds step, pinned tensors and mappings of `group`, whose nodes with their bounds, index, extent and tensors at home
// in the global buffer are given. Deterministic; keeps results per (extents, layouts, homes) within `cache` when given,
// which must be of the same machine.
SearchResult map_group(const spec::Workload& workload, const spec::FusedGroup& group, const Machine& machine,
                       const SearchOptions& options, SearchCache* cache = nullptr);

// No plan of the group, which has one node, has a value of the goal below this: a bound that takes no search. Kept in
// `cache` as results of map_group are; infinite: it cannot run.
double least_value(const spec::Workload& workload, const spec::FusedGroup& group, const Machine& machine,
                   const SearchOptions& options, SearchCache& cache);

}  // namespace heat::offline::mapper
