// What follows from a list of levels: fan-outs, room for tiles, consistency.
#include "machines/storage_levels/architecture.h"

#include <algorithm>
#include <cmath>

namespace heat::storage_levels {

std::optional<std::int64_t> Level::effective_words() const {
  if (!words) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(static_cast<double>(*words) / multiple_buffering));
}

Mesh Architecture::fan_out(std::size_t level) const {
  const Mesh& inner = level + 1 < levels.size() ? levels[level + 1].mesh : macs.mesh;
  return {inner.x / levels[level].mesh.x, inner.y / levels[level].mesh.y};
}

std::size_t Architecture::level_of(const std::string& level) const {
  const auto same = [&](const Level& l) { return l.name == level; };
  return static_cast<std::size_t>(std::find_if(levels.begin(), levels.end(), same) - levels.begin());
}

std::vector<std::string> Architecture::level_names() const {
  std::vector<std::string> names;
  for (const Level& level : levels) names.push_back(level.name);
  return names;
}

std::vector<std::string> misfits(const Architecture& architecture) {
  std::vector<std::string> lines;
  const auto& levels = architecture.levels;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    const Mesh inner = i + 1 < levels.size() ? levels[i + 1].mesh : architecture.macs.mesh;
    const auto text = [](const Mesh& m) { return std::to_string(m.x) + " x " + std::to_string(m.y); };
    if (inner.x % level.mesh.x != 0 || inner.y % level.mesh.y != 0)
      lines.push_back(level.name + ": mesh of " + text(level.mesh) + " does not divide that of the next level, " +
                      text(inner));
    if (architecture.level_of(level.name) != i || level.name == architecture.macs.name)
      lines.push_back(level.name + ": two levels have this name");
    if (level.cluster > level.mesh.count())
      lines.push_back(level.name + ": cluster of " + std::to_string(level.cluster) + " is more than its " +
                      std::to_string(level.mesh.count()) + " instances");
  }
  if (levels.empty()) lines.push_back(architecture.name + ": no level that stores");
  return lines;
}

}  // namespace heat::storage_levels
