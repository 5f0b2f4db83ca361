// How often a tile changes: going outwards from its level, temporal loops over dimensions that do not index the tensor are
// iterations in which it stays; from the first loop that does index it, every iteration brings another tile.
#include "machines/storage_levels/cost.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"

namespace heat::storage_levels {
namespace {

std::int64_t tile_changes(const Problem& problem, const Mapping& mapping, std::size_t tensor, std::size_t level) {
  std::int64_t changes = 1;
  bool moves = false;
  for (std::size_t l = level; l-- > 0;) {
    for (const Loop& loop : mapping.levels[l].temporal) {
      moves = moves || problem.uses(tensor, loop.dimension);
      if (moves) changes = base::checked_multiply(changes, loop.count, "iterations");
    }
  }
  return changes;
}

std::int64_t temporal_iterations(const Mapping& mapping) {
  std::int64_t iterations = 1;
  for (const LevelMapping& level : mapping.levels)
    for (const Loop& loop : level.temporal) iterations = base::checked_multiply(iterations, loop.count, "iterations");
  return iterations;
}

void add_tensor(const Problem& problem, const Architecture& architecture, const Mapping& mapping, std::size_t tensor,
                MappingCost& cost) {
  const auto extents = tile_extents(problem, mapping);
  std::vector<bool> keeps;
  for (const LevelMapping& level : mapping.levels) keeps.push_back(level.keeps[tensor]);
  for (const Hop& hop : hops_of(problem, tensor, keeps, spatial_factors(problem, mapping))) {
    const bool to_macs = hop.inner == mapping.levels.size();
    const std::int64_t tile = to_macs ? 1 : tile_words(problem, tensor, extents[hop.inner]);
    const std::int64_t changes = to_macs ? cost.compute_cycles : tile_changes(problem, mapping, tensor, hop.inner);
    const HopCounts counts = count(hop, base::checked_multiply(tile, changes, "accesses of a level"));
    Accesses& outer = cost.levels[hop.outer].accesses[tensor];
    outer.tile_words = tile_words(problem, tensor, extents[hop.outer]);
    outer.instances = hop.outer_instances;
    outer.reads = counts.outer_reads;
    outer.updates = counts.outer_updates;
    cost.levels[hop.outer].access_pj += outer_pj(hop, counts, architecture);
    if (to_macs) continue;
    cost.levels[hop.inner].accesses[tensor].fills = counts.inner_fills;
    cost.levels[hop.inner].access_pj += inner_pj(hop, counts, architecture);
  }
}

}  // namespace

double MappingCost::edp_js(const Architecture& architecture) const {
  return energy_pj * 1e-12 * static_cast<double>(cycles) * architecture.cycle_seconds;
}

std::int64_t bandwidth_cycles(const Bandwidth& bandwidth, std::int64_t reads, std::int64_t writes) {
  double cycles = 0;
  if (bandwidth.shared) cycles = std::max(cycles, static_cast<double>(reads + writes) / *bandwidth.shared);
  if (bandwidth.read) cycles = std::max(cycles, static_cast<double>(reads) / *bandwidth.read);
  if (bandwidth.write) cycles = std::max(cycles, static_cast<double>(writes) / *bandwidth.write);
  return static_cast<std::int64_t>(std::ceil(cycles * (1 - 1e-12)));
}

std::vector<double> leak_pj_per_cycle(const Architecture& architecture, const SpatialFactors& spatial) {
  std::vector<double> leak_pj;
  std::int64_t instances = 1;
  for (std::size_t l = 0; l < architecture.levels.size(); ++l) {
    leak_pj.push_back(architecture.levels[l].energy.leak_pj * static_cast<double>(instances));
    for (const std::int64_t factor : spatial[l]) instances *= factor;
  }
  return leak_pj;
}

MappingCost evaluate(const Problem& problem, const Architecture& architecture, const Mapping& mapping) {
  MappingCost cost;
  cost.macs = problem.macs();
  cost.compute_cycles = temporal_iterations(mapping);
  cost.levels.resize(architecture.levels.size());
  for (LevelCost& level : cost.levels) level.accesses.resize(problem.tensors.size());
  for (std::size_t t = 0; t < problem.tensors.size(); ++t) add_tensor(problem, architecture, mapping, t, cost);

  cost.cycles = cost.compute_cycles;
  for (std::size_t l = 0; l < cost.levels.size(); ++l) {
    std::int64_t reads = 0, writes = 0;
    for (const Accesses& a : cost.levels[l].accesses) reads += a.reads, writes += a.fills + a.updates;
    cost.levels[l].cycles =
        std::max(cost.compute_cycles, bandwidth_cycles(architecture.levels[l].bandwidth, reads, writes));
    cost.cycles = std::max(cost.cycles, cost.levels[l].cycles);
  }
  cost.mac_pj = static_cast<double>(cost.macs) * architecture.macs.compute_pj;
  cost.energy_pj = cost.mac_pj;
  const std::vector<double> leak_pj = leak_pj_per_cycle(architecture, spatial_factors(problem, mapping));
  for (std::size_t l = 0; l < cost.levels.size(); ++l) {
    cost.levels[l].leak_pj = leak_pj[l] * static_cast<double>(cost.cycles);
    cost.energy_pj += cost.levels[l].access_pj + cost.levels[l].leak_pj;
  }
  cost.utilization = static_cast<double>(cost.macs) /
                     (static_cast<double>(cost.cycles) * static_cast<double>(architecture.macs.mesh.count()));
  return cost;
}

}  // namespace heat::storage_levels
