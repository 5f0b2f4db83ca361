// The best mapping of a problem onto storage levels.
//
// The space, exactly: each level keeps the tensors that the architecture says (`keeps`). Factors are perfect. Spatial
// factors are all that run along `spatial_dims` and fit the fan-out. Temporal factors are all divisors at every level that
// stores, in every order; none at levels that only fan out.
//
// The result is the optimum of that space (`proven_optimal`) where no level's bandwidth is limited. Where one is, cycles
// depend on what is searched, and the proof is a bound: level_search.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "machines/objective.h"
#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/cost.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::offline::mapper {

using machines::Goal;
using machines::Objective;

struct LevelSearchResult {
  storage_levels::Mapping mapping;
  storage_levels::MappingCost cost;
  bool proven_optimal = false;
  std::int64_t spatial_choices = 0;  // of the space
  std::int64_t searched = 0;         // of them, whose temporal loops were searched; a bound ruled out the others
};

// Throws ConfigError where the problem or the architecture cannot be searched, and Error where no mapping fits.
LevelSearchResult search_levels(const storage_levels::Problem& problem,
                                const storage_levels::Architecture& architecture, Objective objective);

}  // namespace heat::offline::mapper
