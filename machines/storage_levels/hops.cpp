// Counts of a hop are products of what an instance asks for and how many instances ask for different words.
#include "machines/storage_levels/hops.h"

#include <algorithm>

#include "base/checked.h"

namespace heat::storage_levels {
namespace {

double vector_pj(const Level& level, std::int64_t instances, std::int64_t words, double pj) {
  const std::int64_t clusters = std::min(instances, level.mesh.count() / level.cluster);
  return static_cast<double>(base::ceil_div(words, level.block_words)) * static_cast<double>(clusters) * pj;
}

}  // namespace

SpatialFactors spatial_factors(const Problem& problem, const Mapping& mapping) {
  SpatialFactors factors(mapping.levels.size(), std::vector<std::int64_t>(problem.dimensions.size(), 1));
  for (std::size_t l = 0; l < mapping.levels.size(); ++l)
    for (const auto* loops : {&mapping.levels[l].spatial_x, &mapping.levels[l].spatial_y})
      for (const Loop& loop : *loops) factors[l][loop.dimension] *= loop.count;
  return factors;
}

std::vector<Hop> hops_of(const Problem& problem, std::size_t tensor, const std::vector<bool>& keeps,
                         const SpatialFactors& spatial) {
  std::vector<Hop> hops;
  Hop hop;
  hop.read_write = problem.tensors[tensor].read_write;
  std::vector<std::int64_t> whole;
  for (const Dimension& d : problem.dimensions) whole.push_back(d.size);
  hop.outer_part = hop.inner_part = tile_words(problem, tensor, whole);
  for (std::size_t l = 0; l < keeps.size(); ++l) {
    for (std::size_t d = 0; d < whole.size(); ++d) {
      hop.inner_instances *= spatial[l][d];
      if (!problem.uses(tensor, d)) continue;
      hop.spread *= spatial[l][d];
      hop.inner_part /= spatial[l][d];
    }
    hop.inner = l + 1;
    if (hop.inner < keeps.size() && !keeps[hop.inner]) continue;
    hops.push_back(hop);
    hop.outer = hop.inner;
    hop.outer_instances = hop.inner_instances;
    hop.outer_part = hop.inner_part;
    hop.spread = 1;
  }
  return hops;
}

HopCounts count(const Hop& hop, std::int64_t asked) {
  HopCounts counts;
  const std::int64_t carried = asked * hop.spread;  // at most the MACs of the problem, which fit
  counts.inner_fills = hop.read_write ? asked - hop.inner_part : asked;
  counts.outer_reads = hop.read_write ? carried - hop.outer_part : carried;
  counts.outer_updates = hop.read_write ? carried : 0;
  return counts;
}

double outer_pj(const Hop& hop, const HopCounts& counts, const Architecture& architecture) {
  const Level& outer = architecture.levels[hop.outer];
  return vector_pj(outer, hop.outer_instances, counts.outer_reads, outer.energy.read_pj) +
         vector_pj(outer, hop.outer_instances, counts.outer_updates, outer.energy.update_pj);
}

double inner_pj(const Hop& hop, const HopCounts& counts, const Architecture& architecture) {
  if (hop.inner == architecture.levels.size()) return 0;  // MACs have an energy of their own
  const Level& inner = architecture.levels[hop.inner];
  return vector_pj(inner, hop.inner_instances, counts.inner_fills, inner.energy.write_pj);
}

}  // namespace heat::storage_levels
