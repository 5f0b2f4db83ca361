// The spatial half of the space of mappings onto storage levels, and the dimensions that a search may take together.
#pragma once

#include <cstdint>
#include <vector>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/hops.h"
#include "machines/storage_levels/problem.h"

namespace heat::offline::mapper {

// Dimensions of more than one value that index the same tensors. Costs depend on the product of their factors only, and
// every way to divide the product among levels is one of theirs: they are searched as one.
struct DimensionClass {
  std::vector<std::size_t> dimensions;
  std::vector<bool> indexes;  // by tensor
};
std::vector<DimensionClass> dimension_classes(const storage_levels::Problem& problem);

// Factors of all spatial loops.
struct SpatialChoice {
  storage_levels::SpatialFactors factors;          // [level][dimension]
  std::vector<std::vector<bool>> in_x;             // [level][dimension]: over columns, else over rows
  std::vector<std::vector<std::int64_t>> classes;  // [level][class]: products of factors
  std::int64_t temporal = 1;                       // iterations that are left: cycles of the MACs
};

// All factors that divide their dimension, run along the architecture's spatial_dims and fit its fan-out; of choices that
// cost the same one. Fewest cycles first.
std::vector<SpatialChoice> spatial_choices(const storage_levels::Problem& problem,
                                           const storage_levels::Architecture& architecture,
                                           const std::vector<DimensionClass>& classes);

// All divisors of a number from 1, ascending.
std::vector<std::int64_t> divisors(std::int64_t number);

}  // namespace heat::offline::mapper
