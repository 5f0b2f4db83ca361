// Spatial choices level by level: factors that divide what is left of each dimension and find columns and rows.
#include "offline/mapper/level_space.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/checked.h"

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::Mesh;
using storage_levels::Problem;

// The factors of one level, and which of their dimensions run over columns.
struct LevelChoice {
  std::vector<std::int64_t> factors;
  std::vector<bool> in_x;
};

// Finds columns for some dimensions and rows for the others, so that both fit.
bool place(const std::vector<std::int64_t>& factors, const Mesh& fan_out, std::size_t from, std::vector<bool>& in_x) {
  std::int64_t x = 1, y = 1;
  for (std::size_t d = 0; d < from; ++d) (in_x[d] ? x : y) *= factors[d];
  if (x > fan_out.x || y > fan_out.y) return false;
  if (from == factors.size()) return true;
  for (const bool columns : {true, false}) {
    in_x[from] = columns;
    if (place(factors, fan_out, from + 1, in_x)) return true;
    if (factors[from] == 1) break;
  }
  return false;
}

std::vector<LevelChoice> level_choices(const Problem& problem, const Architecture& architecture, std::size_t level) {
  const Mesh fan_out = architecture.fan_out(level);
  std::vector<bool> allowed(problem.dimensions.size(), !architecture.levels[level].spatial_dims);
  if (architecture.levels[level].spatial_dims)
    for (const std::string& name : *architecture.levels[level].spatial_dims)
      for (const std::size_t d : dimensions_meant(problem, name)) allowed[d] = true;
  std::vector<LevelChoice> choices;
  LevelChoice choice{std::vector<std::int64_t>(problem.dimensions.size(), 1),
                     std::vector<bool>(problem.dimensions.size(), true)};
  const std::function<void(std::size_t, std::int64_t)> choose = [&](std::size_t d, std::int64_t room) {
    if (d == problem.dimensions.size()) {
      if (place(choice.factors, fan_out, 0, choice.in_x)) choices.push_back(choice);
      return;
    }
    for (std::int64_t factor = 1; factor <= (allowed[d] ? room : 1); ++factor) {
      if (problem.dimensions[d].size % factor != 0) continue;
      choice.factors[d] = factor;
      choose(d + 1, room / factor);
    }
    choice.factors[d] = 1;
  };
  choose(0, fan_out.count());
  return choices;
}

}  // namespace

std::vector<std::int64_t> divisors(std::int64_t number) {
  std::vector<std::int64_t> low, high;
  for (std::int64_t d = 1; d * d <= number; ++d) {
    if (number % d != 0) continue;
    low.push_back(d);
    if (d * d != number) high.push_back(number / d);
  }
  low.insert(low.end(), high.rbegin(), high.rend());
  return low;
}

std::vector<DimensionClass> dimension_classes(const Problem& problem) {
  std::vector<DimensionClass> classes;
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) {
    if (problem.dimensions[d].size == 1) continue;
    DimensionClass own{{d}, {}};
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) own.indexes.push_back(problem.uses(t, d));
    const auto same =
        std::find_if(classes.begin(), classes.end(), [&](const DimensionClass& c) { return c.indexes == own.indexes; });
    if (same == classes.end())
      classes.push_back(own);
    else
      same->dimensions.push_back(d);
  }
  return classes;
}

std::vector<SpatialChoice> spatial_choices(const Problem& problem, const Architecture& architecture,
                                           const std::vector<DimensionClass>& classes) {
  const std::size_t levels = architecture.levels.size();
  std::vector<std::vector<LevelChoice>> of_level;
  for (std::size_t l = 0; l < levels; ++l) of_level.push_back(level_choices(problem, architecture, l));

  std::vector<SpatialChoice> choices;
  std::set<std::vector<std::vector<std::int64_t>>> seen;
  SpatialChoice choice;
  std::vector<std::int64_t> rest;
  for (const auto& d : problem.dimensions) rest.push_back(d.size);
  const std::function<void(std::size_t)> choose = [&](std::size_t l) {
    if (l == levels) {
      if (!seen.insert(choice.classes).second) return;
      choice.temporal = base::checked_product(rest, "iterations");
      choices.push_back(choice);
      return;
    }
    for (const LevelChoice& own : of_level[l]) {
      bool divides = true;
      for (std::size_t d = 0; d < rest.size(); ++d) divides = divides && rest[d] % own.factors[d] == 0;
      if (!divides) continue;
      for (std::size_t d = 0; d < rest.size(); ++d) rest[d] /= own.factors[d];
      choice.factors.push_back(own.factors);
      choice.in_x.push_back(own.in_x);
      choice.classes.emplace_back();
      for (const DimensionClass& c : classes) {
        choice.classes.back().push_back(1);
        for (const std::size_t d : c.dimensions) choice.classes.back().back() *= own.factors[d];
      }
      choose(l + 1);
      choice.factors.pop_back(), choice.in_x.pop_back(), choice.classes.pop_back();
      for (std::size_t d = 0; d < rest.size(); ++d) rest[d] *= own.factors[d];
    }
  };
  choose(0);
  std::stable_sort(choices.begin(), choices.end(),
                   [](const SpatialChoice& a, const SpatialChoice& b) { return a.temporal < b.temporal; });
  return choices;
}

}  // namespace heat::offline::mapper
