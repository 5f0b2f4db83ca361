// What a mapping costs: accesses of every level, cycles and energy.
#pragma once

#include <cstdint>
#include <vector>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/hops.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::storage_levels {

// Accesses in words of one instance. Those in use do the same; of imperfect factors this is the mean, rounded.
struct Accesses {
  std::int64_t tile_words = 0;
  std::int64_t reads = 0, fills = 0, updates = 0;
  std::int64_t instances = 0;  // in use; 0: the level does not keep the tensor
};

struct LevelCost {
  std::vector<Accesses> accesses;  // by tensor
  double access_pj = 0;            // dynamic energy of all instances
  double leak_pj = 0;              // of the instances in use over the run: the others are off
};

struct MappingCost {
  std::vector<LevelCost> levels;
  double mac_pj = 0;
  std::int64_t macs = 0;
  std::int64_t compute_cycles = 0;  // temporal iterations
  std::int64_t cycles = 0;  // of the slowest: MACs or the bandwidth of a level. Levels do not wait for one another
  double energy_pj = 0;
  double utilization = 0;  // MACs / (cycles x all MAC units)

  double edp_js(const Architecture& architecture) const;
};

// The mapping must fit (misfits() is empty).
MappingCost evaluate(const Problem& problem, const Architecture& architecture, const Mapping& mapping);

// Leakage of each level's instances in use, pJ a cycle.
std::vector<double> leak_pj_per_cycle(const Architecture& architecture, const SpatialFactors& spatial);

}  // namespace heat::storage_levels
