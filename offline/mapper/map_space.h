// The space the search covers: candidate sizes and splits.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/mapping.h"

namespace heat::offline::mapper {

// Into how many parts an extent may be cut: 1 to 8, then a * 2^e with a of 4 to 7 up to 32, then 2^e and 3 * 2^e.
std::vector<std::int64_t> part_counts(std::int64_t largest);

// Tile sizes along one dimension, largest first: ceil(extent / q) rounded up to `unit`, at most the extent, for the
// part counts q. Distinct.
std::vector<std::int64_t> tile_sizes(std::int64_t extent, std::int64_t unit);

// Every split of b and m whose product is at most `pes`, with the largest n split that then fits; parts that would stay
// idle are not split off. The same with all tiles of k on PEs at once, where those are a power of two and no PE is idle:
// other splits of k triple the search and are seldom better. `tiles`: PE tiles along each dimension.
std::vector<spec::SpatialSplit> spatial_splits(std::int64_t pes, const spec::Extents& tiles);

}  // namespace heat::offline::mapper
