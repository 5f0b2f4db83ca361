// Sizes are "balanced": cutting an extent into q parts needs no tile larger than ceil(extent / q), so other sizes only
// add unevenness. Padding (rounding up to the grain of a PE) is part of the space.
#include "offline/mapper/map_space.h"

#include <algorithm>

#include "base/checked.h"

namespace heat::offline::mapper {

std::vector<std::int64_t> part_counts(std::int64_t largest) {
  std::vector<std::int64_t> counts;
  for (std::int64_t q = 1; q <= std::min<std::int64_t>(largest, 8); ++q) counts.push_back(q);
  for (std::int64_t unit = 2; unit <= 4; unit *= 2)
    for (std::int64_t a = 5; a <= 8; ++a)
      if (a * unit <= largest) counts.push_back(a * unit);
  for (std::int64_t power = 32; power <= largest; power *= 2) {
    if (power > 32) counts.push_back(power);
    if (power / 2 * 3 <= largest) counts.push_back(power / 2 * 3);
  }
  if (largest >= 1) counts.push_back(largest);
  std::sort(counts.begin(), counts.end());
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

std::vector<std::int64_t> tile_sizes(std::int64_t extent, std::int64_t unit) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t q : part_counts(base::ceil_div(extent, unit))) {
    const std::int64_t size = std::min(extent, base::ceil_div(base::ceil_div(extent, q), unit) * unit);
    if (sizes.empty() || size < sizes.back()) sizes.push_back(size);
  }
  return sizes;
}

std::vector<spec::SpatialSplit> spatial_splits(std::int64_t pes, const spec::Extents& tiles) {
  std::vector<spec::SpatialSplit> splits;
  const auto add = [&](std::int64_t k, bool idle_too) {
    for (std::int64_t b = 1; b * k <= pes && b <= tiles.b; ++b)
      for (std::int64_t m = 1; b * m * k <= pes && m <= tiles.m; ++m) {
        const spec::SpatialSplit split{b, m, std::min(pes / (b * m * k), tiles.n), k};
        if (idle_too || split.product() == pes) splits.push_back(split);
      }
  };
  add(1, true);
  const bool is_power = (tiles.k & (tiles.k - 1)) == 0;
  if (tiles.k > 1 && tiles.k <= pes && is_power) add(tiles.k, false);
  return splits;
}

}  // namespace heat::offline::mapper
