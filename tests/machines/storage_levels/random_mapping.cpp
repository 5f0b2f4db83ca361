#include "tests/machines/storage_levels/random_mapping.h"

#include <algorithm>

namespace heat::test {

using storage_levels::Level;
using storage_levels::LevelMapping;
using storage_levels::Loop;
using storage_levels::Mesh;
using storage_levels::Problem;
using test_support::Random;

namespace {

// Loops of one kind at one level: at most one of each dimension, in random order.
void add_factor(std::vector<Loop>& loops, std::size_t dimension, std::int64_t factor, Random& random) {
  for (Loop& loop : loops)
    if (loop.dimension == dimension) {
      loop.count *= factor;
      return;
    }
  const auto at = random.between(0, static_cast<std::int64_t>(loops.size()));
  loops.insert(loops.begin() + at, Loop{dimension, factor});
}

void deal_factors(const Problem& problem, std::vector<LevelMapping>& levels, Random& random) {
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) {
    std::int64_t rest = problem.dimensions[d].size;
    for (std::int64_t prime = 2; rest > 1; ++prime)
      for (; rest % prime == 0; rest /= prime) {
        LevelMapping& level =
            levels[static_cast<std::size_t>(random.between(0, static_cast<std::int64_t>(levels.size()) - 1))];
        add_factor(random.chance(60)   ? level.temporal
                   : random.chance(50) ? level.spatial_x
                                       : level.spatial_y,
                   d, prime, random);
      }
  }
  // A dimension runs over columns or over rows of a level.
  for (LevelMapping& level : levels)
    for (std::size_t i = 0; i < level.spatial_x.size(); ++i)
      for (std::size_t j = 0; j < level.spatial_y.size();)
        if (level.spatial_x[i].dimension == level.spatial_y[j].dimension) {
          level.spatial_x[i].count *= level.spatial_y[j].count;
          level.spatial_y.erase(level.spatial_y.begin() + static_cast<std::ptrdiff_t>(j));
        } else {
          ++j;
        }
}

std::int64_t product(const std::vector<Loop>& loops) {
  std::int64_t result = 1;
  for (const Loop& loop : loops) result *= loop.count;
  return result;
}

}  // namespace

Problem random_problem(Random& random) {
  const auto size = [&] { return random.between(1, 8); };
  if (random.chance(70)) return storage_levels::gemm(size(), size(), size(), random.chance(20) ? 3 : 1);
  Problem problem;
  problem.name = "conv";
  problem.dimensions = {
      {"C", size()}, {"M", size()}, {"R", 1}, {"P", random.between(1, 4)}, {"Q", random.between(1, 4)}};
  problem.coefficients = {{"Wstride", 1}};
  problem.tensors = {{"Weights", {{{0, ""}}, {{1, ""}}, {{2, ""}}}, false},
                     {"Inputs", {{{0, ""}}, {{2, ""}, {3, "Wstride"}}, {{4, ""}}}, false},
                     {"Outputs", {{{1, ""}}, {{3, ""}}, {{4, ""}}}, true}};
  return problem;
}

RandomMachine random_machine(const Problem& problem, Random& random) {
  RandomMachine made;
  const auto count = static_cast<std::size_t>(random.between(2, 5));
  made.mapping.levels.resize(count);
  deal_factors(problem, made.mapping.levels, random);
  Mesh mesh;
  for (std::size_t l = 0; l < count; ++l) {
    LevelMapping& own = made.mapping.levels[l];
    for (std::size_t t = 0; t < problem.tensors.size(); ++t) own.keeps.push_back(l == 0 || random.chance(60));
    Level level;
    level.name = "level" + std::to_string(l);
    level.mesh = mesh;
    level.block_words = random.between(1, 4);
    level.energy = {2.5, 3.5, 4.5, 0.25};
    for (std::size_t t = 0; t < problem.tensors.size(); ++t)
      if (own.keeps[t]) level.keeps.push_back(problem.tensors[t].name);
    level.stores = !level.keeps.empty();
    made.architecture.levels.push_back(level);
    mesh = {mesh.x * product(own.spatial_x), mesh.y * product(own.spatial_y)};
  }
  made.architecture.name = "random";
  made.architecture.macs = {"mac", mesh, 8, 0.5};
  const auto extents = tile_extents(problem, made.mapping);
  for (std::size_t l = 1; l < count; ++l)
    if (made.architecture.levels[l].stores)
      made.architecture.levels[l].words = used_words(problem, made.mapping.levels[l], extents[l]);
  return made;
}

void shrink(Problem& problem, RandomMachine& made, Random& random) {
  for (std::size_t d = 0; d < problem.dimensions.size(); ++d) {
    std::int64_t& size = problem.dimensions[d].size;
    size = size < 3 ? size : random.between(size / 2 + 1, size);
    // The last index in digits, the innermost loop's first.
    std::int64_t rest = size - 1;
    for (std::size_t l = made.mapping.levels.size(); l-- > 0;) {
      LevelMapping& level = made.mapping.levels[l];
      for (auto* loops : {&level.spatial_x, &level.spatial_y, &level.temporal})
        for (Loop& loop : *loops) {
          if (loop.dimension != d) continue;
          loop.last = rest % loop.count + 1;
          rest /= loop.count;
        }
    }
  }
}

}  // namespace heat::test
