// Tiles are products of the loops at their level and inside it; a mapping fits where tiles and spatial loops do.
#include "machines/storage_levels/mapping.h"

#include <cmath>

#include "base/checked.h"

namespace heat::storage_levels {
namespace {

std::int64_t product(const std::vector<Loop>& loops) {
  std::int64_t result = 1;
  for (const Loop& loop : loops) result = base::checked_multiply(result, loop.count, "loops of a level");
  return result;
}

void check_spatial(const Architecture& architecture, const Mapping& mapping, std::vector<std::string>& lines) {
  for (std::size_t l = 0; l < architecture.levels.size(); ++l) {
    const Mesh fan_out = architecture.fan_out(l);
    const auto check = [&](const std::vector<Loop>& loops, std::int64_t most, const char* what) {
      if (product(loops) > most)
        lines.push_back(architecture.levels[l].name + ": spatial loops over " + std::to_string(product(loops)) + " " +
                        what + " of the next level, which has " + std::to_string(most) + " an instance");
    };
    check(mapping.levels[l].spatial_x, fan_out.x, "columns (X)");
    check(mapping.levels[l].spatial_y, fan_out.y, "rows (Y)");
  }
}

void check_capacity(const Problem& problem, const Architecture& architecture, const Mapping& mapping,
                    std::vector<std::string>& lines) {
  const auto extents = largest_extents(problem, mapping);
  for (std::size_t l = 0; l < architecture.levels.size(); ++l) {
    const Level& level = architecture.levels[l];
    const auto room = level.effective_words();
    if (!room) continue;
    const std::int64_t used = used_words(problem, mapping.levels[l], extents[l]);
    if (used > *room)
      lines.push_back(level.name + ": tiles of " + std::to_string(used) + " words do not fit its " +
                      std::to_string(*room));
    if (static_cast<double>(used) < static_cast<double>(*room) * level.min_utilization)
      lines.push_back(level.name + ": tiles of " + std::to_string(used) + " words fill less than min_utilization of " +
                      std::to_string(*room));
  }
}

}  // namespace

std::vector<std::vector<std::int64_t>> tile_extents(const Problem& problem, const Mapping& mapping) {
  std::vector<std::vector<std::int64_t>> extents(mapping.levels.size() + 1,
                                                 std::vector<std::int64_t>(problem.dimensions.size(), 1));
  for (std::size_t l = mapping.levels.size(); l-- > 0;) {
    extents[l] = extents[l + 1];
    const LevelMapping& level = mapping.levels[l];
    for (const auto* loops : {&level.temporal, &level.spatial_x, &level.spatial_y})
      for (const Loop& loop : *loops)
        extents[l][loop.dimension] =
            base::checked_multiply(extents[l][loop.dimension], loop.count, "loops over a dimension");
  }
  return extents;
}

std::vector<std::vector<std::int64_t>> final_extents(const Problem& problem, const Mapping& mapping) {
  const auto extents = tile_extents(problem, mapping);
  auto final = extents;
  for (std::size_t l = mapping.levels.size(); l-- > 0;) {
    final[l] = final[l + 1];
    std::vector<std::int64_t> inside = extents[l + 1];
    const LevelMapping& level = mapping.levels[l];
    for (const auto* loops : {&level.spatial_x, &level.spatial_y, &level.temporal})
      for (const Loop& loop : *loops) {
        final[l][loop.dimension] += (loop.iterations(true) - 1) * inside[loop.dimension];
        inside[loop.dimension] *= loop.count;
      }
  }
  return final;
}

std::vector<std::vector<std::int64_t>> largest_extents(const Problem& problem, const Mapping& mapping) {
  const auto extents = tile_extents(problem, mapping);
  auto largest = final_extents(problem, mapping);
  std::vector<bool> repeats(problem.dimensions.size(), false);
  for (std::size_t l = 0; l < largest.size(); ++l) {
    for (std::size_t d = 0; d < repeats.size(); ++d)
      if (repeats[d]) largest[l][d] = extents[l][d];
    if (l == mapping.levels.size()) break;
    const LevelMapping& level = mapping.levels[l];
    for (const auto* loops : {&level.temporal, &level.spatial_x, &level.spatial_y})
      for (const Loop& loop : *loops) repeats[loop.dimension] = repeats[loop.dimension] || loop.iterations(true) > 1;
  }
  return largest;
}

std::int64_t tile_words(const Problem& problem, std::size_t tensor, const std::vector<std::int64_t>& extents) {
  std::int64_t words = 1;
  for (std::size_t d = 0; d < extents.size(); ++d)
    if (problem.uses(tensor, d)) words = base::checked_multiply(words, extents[d], "words of a tile");
  return words;
}

std::int64_t used_words(const Problem& problem, const LevelMapping& level, const std::vector<std::int64_t>& extents) {
  std::int64_t words = 0;
  for (std::size_t t = 0; t < problem.tensors.size(); ++t)
    if (level.keeps[t]) words += tile_words(problem, t, extents);
  return words;
}

std::vector<std::string> misfits(const Problem& problem, const Architecture& architecture, const Mapping& mapping) {
  std::vector<std::string> lines;
  base::checked_product(tile_extents(problem, mapping)[0], "loops of the mapping");
  const auto whole = final_extents(problem, mapping)[0];
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d)
    if (whole[d] != problem.dimensions[d].size)
      lines.push_back("the factors of " + problem.dimensions[d].name + " multiply to " + std::to_string(whole[d]) +
                      ", expected its size, " + std::to_string(problem.dimensions[d].size));
  for (const LevelMapping& level : mapping.levels)
    for (const auto* loops : {&level.temporal, &level.spatial_x, &level.spatial_y})
      for (const Loop& loop : *loops)
        if (loop.last > loop.count)
          lines.push_back("a loop over " + problem.dimensions[loop.dimension].name + " of " +
                          std::to_string(loop.count) + " iterations has more in its final pass, " +
                          std::to_string(loop.last));
  for (std::size_t t = 0; t < problem.tensors.size(); ++t)
    if (!mapping.levels[0].keeps[t])
      lines.push_back(architecture.levels[0].name + ": the outermost level must keep all tensors, it bypasses '" +
                      problem.tensors[t].name + "'");
  for (std::size_t l = 0; l < architecture.levels.size(); ++l)
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if (mapping.levels[l].keeps[t] && !architecture.levels[l].stores)
        lines.push_back(architecture.levels[l].name + ": stores nothing and cannot keep '" + problem.tensors[t].name +
                        "'");
  check_spatial(architecture, mapping, lines);
  check_capacity(problem, architecture, mapping, lines);
  return lines;
}

}  // namespace heat::storage_levels
