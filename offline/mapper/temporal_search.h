// The temporal half of a search over storage levels: the loops of least energy under given spatial factors.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/hops.h"
#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"
#include "offline/mapper/level_space.h"

namespace heat::offline::mapper {

// Factors of one level's temporal loops by class of dimensions, and the class of the innermost loop.
struct LevelFactors {
  std::vector<std::int64_t> factors;
  std::size_t innermost = 0;
};

// What a word read or written at one instance of a level costs beside a multiple of the energy: minimises
// energy x `energy` + the words' prices, by which a search weighs traffic where bandwidth is limited.
struct WordPrices {
  double energy = 1;
  std::vector<double> read, write;  // by level
};

struct TemporalResult {
  double value = 0;                  // pJ of all accesses (no MACs, no leakage); with prices, what they make of it
  std::vector<LevelFactors> levels;  // by level of the architecture
};

class TemporalSearch {
 public:
  // What all spatial choices share. All must outlive the result.
  TemporalSearch(const storage_levels::Problem& problem, const storage_levels::Architecture& architecture,
                 const std::vector<DimensionClass>& classes);

  // What the accesses of a choice cost at least: every word once at every level, operands of MACs every cycle.
  double least_pj(const SpatialChoice& choice) const;

  // The loops of least value; nothing where none are below `limit` or none fit.
  std::optional<TemporalResult> best(const SpatialChoice& choice, double limit,
                                     const WordPrices* prices = nullptr) const;
  static constexpr double kNoLimit = std::numeric_limits<double>::infinity();

 private:
  const storage_levels::Problem& problem_;
  const storage_levels::Architecture& architecture_;
  const std::vector<DimensionClass>& classes_;
  std::vector<std::vector<bool>> keeps_;  // [tensor][level]
};

}  // namespace heat::offline::mapper
