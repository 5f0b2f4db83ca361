// The way of a tensor from the outermost level to the MACs: hops from each level that keeps it to the next one inside that
// does. All counts of a level follow from what its hops carry.
//
// Rules (Timeloop's):
// - A level holds one tile of a tensor. Whenever the tile changes, each instance is filled with the new one whole.
// - MACs hold nothing: they ask for their operands in every cycle.
// - What several instances below one outer instance ask for alike is read once (multicast); sums that they make of the same
//   elements are added on the way out (spatial reduction).
// - The first time that an element of the result is written at a level, nothing is read or filled: there is no sum yet.
#pragma once

#include <cstdint>
#include <vector>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::storage_levels {

// Spatial factors of each dimension, [level][dimension]: how many instances of the next level differ along it.
using SpatialFactors = std::vector<std::vector<std::int64_t>>;
SpatialFactors spatial_factors(const Problem& problem, const Mapping& mapping);

struct Hop {
  std::size_t outer = 0, inner = 0;  // levels; inner == number of levels: the MACs
  bool read_write = false;
  std::int64_t spread = 1;  // inner instances below one outer instance that hold different parts
  std::int64_t outer_instances = 1, inner_instances = 1;  // that the mapping uses
  std::int64_t outer_part = 1, inner_part = 1;  // elements of the tensor that pass through one instance in all
};

// `keeps`: by level, whether it keeps the tensor; the outermost does.
std::vector<Hop> hops_of(const Problem& problem, std::size_t tensor, const std::vector<bool>& keeps,
                         const SpatialFactors& spatial);

// Accesses in words of one instance.
struct HopCounts {
  std::int64_t outer_reads = 0, outer_updates = 0, inner_fills = 0;
};
// `asked`: words that each inner instance asks for over the whole run (or makes, of the result). Factors are perfect.
HopCounts count(const Hop& hop, std::int64_t asked);

// Energy of those accesses at the two levels, of all instances. Each vector access moves a block, in all instances of a
// cluster at once; instances in use are spread over as many clusters as there are.
double outer_pj(const Hop& hop, const HopCounts& counts, const Architecture& architecture);
double inner_pj(const Hop& hop, const HopCounts& counts, const Architecture& architecture);  // 0: the MACs

}  // namespace heat::storage_levels
