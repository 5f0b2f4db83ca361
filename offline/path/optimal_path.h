// Contraction paths of least cost: exact by dynamic programming over operand subsets, of more operands by heuristics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offline/path/tensor_network.h"

namespace heat::offline {

// When a node whose inputs are all static is computed before inference instead of during it.
enum class Precompute {
  kNever,
  kShrinking,   // when its result needs no more storage than the static operands it replaces (paper, figure 6)
  kBelowWhole,  // also when storage grows, but below what all static operands together make: W' itself
  kAlways,      // also a reconstructed W'
};

// "never", "shrinking", "below-whole" or "always". Throws base::ConfigError otherwise.
Precompute precompute_from_name(const std::string& name);

// One pairwise contraction of a planned path.
struct PathStep {
  int first = 0, second = 0;  // positions in the list of operands at this step, first < second
  std::vector<spec::Index> left, right, result;
  std::int64_t macs = 0;  // product of the sizes of all distinct indices of the two
  std::int64_t result_elements = 0;
  bool precomputed = false;
};

// A contraction tree as a path with its costs.
struct PlannedPath {
  spec::ContractionPath path;
  std::vector<PathStep> steps;
  std::int64_t macs = 0;                  // of all steps
  std::int64_t online_macs = 0;           // of the steps that are not precomputed
  std::int64_t largest_intermediate = 0;  // elements; results of online steps but the last, 0 when there is none
  std::int64_t precomputed_elements =
      0;  // stored in place of static operands: results of precomputed steps that online steps read
};

// The tree of least online MACs; ties by all MACs, then by the largest intermediate, then by the operands' order (so
// the result depends on nothing else). Outer products are allowed. Throws base::ConfigError above 22 operands, above 256
// classes of indices (those in the same operands are one) and when no tree's cost fits 63 bits.
PlannedPath optimal_path(const TensorNetwork& network, Precompute policy = Precompute::kShrinking);

// A path, and what no path costs less than.
struct BoundedPath {
  PlannedPath planned;
  std::int64_t lower_bound = 0;  // of the online MACs
  bool exact = false;            // found by the exact search

  // How far the path may be above the least: 0.25 is a quarter.
  double gap() const;
};

// optimal_path up to 22 operands. Up to 64: the best of seeded random greedy trees, parts of which the exact search
// orders anew until none gains, with a bound by exact searches below caps that no tree meets, as far as a fixed amount of
// work takes them. The same network gives the same path. Throws base::ConfigError above 64 operands, else as
// optimal_path.
BoundedPath least_known_path(const TensorNetwork& network, Precompute policy = Precompute::kShrinking);

// The k least trees in that order, all distinct; fewer when there are fewer.
std::vector<PlannedPath> k_best_paths(const TensorNetwork& network, int k, Precompute policy = Precompute::kShrinking);

// The paths that are worth mapping to hardware, all distinct: the k least of which none takes more than `max_macs` times
// the MACs of the first, then the least of Precompute::kBelowWhole, as a product of weights that is made during inference
// is a node of its own whose result the next one waits for.
std::vector<PlannedPath> paths_to_map(const TensorNetwork& network, int k, double max_macs);

// The costs of a given path (steps in opt_einsum's linear form). Throws base::ConfigError when it does not fit.
PlannedPath evaluate_path(const TensorNetwork& network, const spec::ContractionPath& path,
                          Precompute policy = Precompute::kShrinking);

// What runs during inference: the network with the precomputed results as static operands (named "a*b" after the
// operands they replace), and the remaining steps as its path.
struct OnlinePlan {
  TensorNetwork network;
  spec::ContractionPath path;
};
OnlinePlan online_plan(const TensorNetwork& network, const PlannedPath& planned);

}  // namespace heat::offline
