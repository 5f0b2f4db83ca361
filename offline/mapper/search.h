// The mapping search: tiles, orders and spatial split of every node of a group, the group's step and what it pins.
//
// The space, exactly. For a node whose extents in a step are B, M, N, K, and part counts q (map_space.h: part_counts):
//
//   pe_tile      k: ceil(K / q) rounded up to `width`; m: ceil(M / q) rounded up to `lanes`; n: ceil(N / q);
//                b: ceil(B / q); each at most the extent (so padded tiles are in the space)
//   spatial      every b and m split whose product is at most the PEs, with the largest n split that then fits and is
//                used
//   wave_order   both
//   gb_order     all six
//   gb_tile      multiples of the wave in b, m, n (ceil(waves / q) waves) with the whole of k; or one wave in b, m, n
//                with multiples of pe_tile.k in k
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
#include <optional>
#include <string>

#include "machines/simba/cost_model.h"

namespace heat::offline::mapper {

using machines::simba::Calibration;
using machines::simba::GroupCost;
using machines::simba::Machine;
using machines::simba::NodeCost;

enum class Objective { kEdp, kEnergy, kLatency };
// "edp" | "energy" | "latency"; nothing for another word.
std::optional<Objective> parse_objective(const std::string& word);
const char* objective_name(Objective objective);

// The objective's value of a cost (J·s, pJ or cycles).
double objective_value(Objective objective, double cycles, double energy_pj, const spec::ArchSpec& arch);

struct SearchOptions {
  Objective objective = Objective::kEdp;
  bool pin = true;          // consider pinning
  std::int64_t step = 0;    // 0: choose; else fixed
  bool exhaustive = false;  // visit the whole space without bounds (tests)
  // Linear objective for parts of something larger: with weights set, minimises energy_pj * energy_weight + cycles *
  // cycle_weight instead (the EDP of a sum is minimised by iterating it).
  double energy_weight = 0, cycle_weight = 0;
};

// A mapping of a group, or why there is none.
struct SearchResult {
  bool feasible = false;
  std::string reason;  // when infeasible: what does not fit, with figures
  GroupCost cost;
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

// Fills the mappings of the nodes of group `group` of `schedule`, its step and its pinned tensors, and predicts its
// cost. The group's nodes, index and extent, the tensors' homes and the nodes' bounds are given. On infeasibility
// `schedule` is unchanged. Deterministic; keeps results per (extents, layouts, homes, machine) within `cache` when
// given.
class SearchCache;
SearchResult map_group(spec::Schedule& schedule, int group, const Machine& machine, const SearchOptions& options,
                       SearchCache* cache = nullptr);

}  // namespace heat::offline::mapper
