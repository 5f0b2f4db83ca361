// A mapping of a problem onto storage levels: what each level keeps, and the loops at each level. The loops of a level walk
// the tile of that level: first its temporal loops, then its spatial ones, whose iterations run in different instances of
// the next level. Factors of a dimension multiply to its size, or are imperfect: where all loops outside over the same
// dimension are in their final iteration, a loop has fewer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "machines/storage_levels/architecture.h"
#include "machines/storage_levels/problem.h"

namespace heat::storage_levels {

struct Loop {
  std::size_t dimension = 0;
  std::int64_t count = 1;  // more than 1
  std::int64_t last = 0;   // iterations in the final pass (Timeloop's residual); 0: as many as ever
  std::int64_t iterations(bool final) const { return final && last > 0 ? last : count; }
};

struct LevelMapping {
  std::vector<bool> keeps;     // by tensor
  std::vector<Loop> temporal;  // innermost first
  std::vector<Loop> spatial_x,
      spatial_y;  // over the columns and the rows of the next level's instances; innermost first
};

struct Mapping {
  std::vector<LevelMapping> levels;  // as in the architecture, from the outermost
};

// Values of each dimension that an instance of each level walks, [level][dimension]; the entry after the last is the MACs'.
std::vector<std::vector<std::int64_t>> tile_extents(const Problem& problem, const Mapping& mapping);
// The same in the final pass of all loops outside: fewer where factors are imperfect. Of level 0: the problem's sizes.
std::vector<std::vector<std::int64_t>> final_extents(const Problem& problem, const Mapping& mapping);

// The largest that come: the first where loops outside have more than a final pass, else the second.
std::vector<std::vector<std::int64_t>> largest_extents(const Problem& problem, const Mapping& mapping);

// Words of a tensor in a tile of those extents.
std::int64_t tile_words(const Problem& problem, std::size_t tensor, const std::vector<std::int64_t>& extents);

// Words that a level's kept tiles take together.
std::int64_t used_words(const Problem& problem, const LevelMapping& level, const std::vector<std::int64_t>& extents);

// Why the mapping does not run, a line each; empty when it does.
std::vector<std::string> misfits(const Problem& problem, const Architecture& architecture, const Mapping& mapping);

}  // namespace heat::storage_levels
