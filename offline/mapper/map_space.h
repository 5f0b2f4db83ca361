// The space the search covers: candidate sizes and the capacity of the global buffer's slots.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "spec/mapping.h"

namespace heat::offline::mapper {

// Into how many parts an extent may be cut: 1 to 8, then a * 2^e with a of 4 to 7 up to 32, then 2^e and 3 * 2^e.
std::vector<std::int64_t> part_counts(std::int64_t largest);

// Tile sizes along one dimension, largest first: ceil(extent / q) rounded up to `unit`, at most the extent, for the
// part counts q. Distinct.
std::vector<std::int64_t> tile_sizes(std::int64_t extent, std::int64_t unit);

// What the streamed tiles of a node may take in the global buffer (each slot is double-buffered; sizes of one slot).
struct SlotBudget {
  std::int64_t weight = 0, input = 0, output = 0;  // of each
  std::int64_t total = 0;                          // of the three together
  std::int64_t word = 1;                           // slots are rounded up to this
  std::int64_t least_input = 0, least_output = 0;  // taken by other nodes of the group in any case
  bool fits(std::int64_t w, std::int64_t i, std::int64_t o) const {
    const auto up = [this](std::int64_t bytes) { return (bytes + word - 1) / word * word; };
    w = up(w), i = std::max(up(i), least_input), o = std::max(up(o), least_output);
    return w <= weight && i <= input && o <= output && w + i + o <= total;
  }
};

// Every split of b and m whose product is at most `pes`, with the largest n split that then fits; parts that would stay
// idle are not split off (waves: PE tiles along b, m, n).
std::vector<spec::SpatialSplit> spatial_splits(std::int64_t pes, std::int64_t tiles_b, std::int64_t tiles_m,
                                               std::int64_t tiles_n);

}  // namespace heat::offline::mapper
