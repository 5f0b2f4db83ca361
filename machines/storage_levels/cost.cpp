// Accesses of each hop of each tensor, in words of one instance; cycles and energy follow from them.
#include "machines/storage_levels/cost.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "machines/storage_levels/asked_words.h"

namespace heat::storage_levels {
namespace {

std::int64_t temporal_iterations(const Mapping& mapping) {
  std::int64_t iterations = 1;
  for (const LevelMapping& level : mapping.levels)
    for (const Loop& loop : level.temporal) iterations = base::checked_multiply(iterations, loop.count, "iterations");
  return iterations;
}

std::int64_t rounded_share(std::int64_t total, std::int64_t instances) {
  return total / instances + (2 * (total % instances) >= instances ? 1 : 0);
}

// Of one instance, in the mean of all.
HopCounts counts_of(const Problem& problem, const Mapping& mapping, std::size_t tensor, const Hop& hop) {
  const bool to_macs = hop.inner == mapping.levels.size();
  const AskedWords asked = asked_words(problem, mapping, tensor, hop.outer, hop.inner);
  HopCounts counts;
  const std::int64_t first = hop.read_write ? parts(problem, mapping, tensor, hop.outer) : 0;
  counts.outer_reads = rounded_share(asked.from_outer - first, hop.outer_instances);
  if (hop.read_write) counts.outer_updates = rounded_share(asked.from_outer, hop.outer_instances);
  if (to_macs) return counts;
  const std::int64_t inner_first = hop.read_write ? parts(problem, mapping, tensor, hop.inner) : 0;
  counts.inner_fills = rounded_share(asked.by_inner - inner_first, hop.inner_instances);
  return counts;
}

void add_tensor(const Problem& problem, const Architecture& architecture, const Mapping& mapping, std::size_t tensor,
                MappingCost& cost) {
  const auto extents = largest_extents(problem, mapping);
  std::vector<bool> keeps;
  for (const LevelMapping& level : mapping.levels) keeps.push_back(level.keeps[tensor]);
  for (const Hop& hop : hops_of(problem, tensor, keeps, spatial_factors(problem, mapping))) {
    const HopCounts counts = counts_of(problem, mapping, tensor, hop);
    Accesses& outer = cost.levels[hop.outer].accesses[tensor];
    outer.tile_words = tile_words(problem, tensor, extents[hop.outer]);
    outer.instances = hop.outer_instances;
    outer.reads = counts.outer_reads;
    outer.updates = counts.outer_updates;
    cost.levels[hop.outer].access_pj += outer_pj(hop, counts, architecture);
    if (hop.inner == mapping.levels.size()) continue;
    cost.levels[hop.inner].accesses[tensor].fills = counts.inner_fills;
    cost.levels[hop.inner].access_pj += inner_pj(hop, counts, architecture);
  }
}

// Cycles that a level needs for so many reads and writes of one instance, by its bandwidth.
std::int64_t bandwidth_cycles(const Bandwidth& bandwidth, std::int64_t reads, std::int64_t writes) {
  double cycles = 0;
  if (bandwidth.shared) cycles = std::max(cycles, static_cast<double>(reads + writes) / *bandwidth.shared);
  if (bandwidth.read) cycles = std::max(cycles, static_cast<double>(reads) / *bandwidth.read);
  if (bandwidth.write) cycles = std::max(cycles, static_cast<double>(writes) / *bandwidth.write);
  return static_cast<std::int64_t>(std::ceil(cycles * (1 - 1e-12)));
}

}  // namespace

double MappingCost::edp_js(const Architecture& architecture) const {
  return energy_pj * 1e-12 * static_cast<double>(cycles) * architecture.cycle_seconds;
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
    cost.cycles = std::max(cost.cycles, bandwidth_cycles(architecture.levels[l].bandwidth, reads, writes));
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
