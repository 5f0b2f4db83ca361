// The search over storage levels against a visit to every mapping of its space.
#include "offline/mapper/level_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/errors.h"
#include "tests/support/error_of.h"
#include "tests/support/random.h"

namespace heat::offline::mapper {
namespace {

using storage_levels::Architecture;
using storage_levels::Level;
using storage_levels::Loop;
using storage_levels::Mapping;
using storage_levels::Problem;
using test_support::Random;

const std::string kArch = std::string(HEAT_SOURCE_DIR) + "/configs/arch/timeloop-simba-like.yaml";

Level level(const std::string& name, std::vector<std::string> keeps, Random& random) {
  Level made;
  made.name = name;
  made.keeps = std::move(keeps);
  made.block_words = random.between(1, 3);
  const auto pj = [&] { return static_cast<double>(random.between(1, 100)); };
  made.energy = {pj(), pj(), pj(), 0.01 * pj()};
  return made;
}

// DRAM, a buffer, a place that fans out, an inner buffer of some tensors, 2 x 2 MACs.
Architecture small_machine(Random& random) {
  Architecture architecture;
  architecture.name = "small";
  architecture.levels.push_back(level("DRAM", {"Weights", "Inputs", "Outputs"}, random));
  std::vector<std::string> outer, inner;
  for (const char* tensor : {"Weights", "Inputs", "Outputs"}) {
    if (random.chance(60)) outer.push_back(tensor);
    if (random.chance(60)) inner.push_back(tensor);
  }
  if (outer.empty()) outer = {"Inputs"};
  if (inner.empty()) inner = {"Weights"};
  architecture.levels.push_back(level("buffer", outer, random));
  architecture.levels[1].words = 6 * random.between(1, 4);
  architecture.levels.push_back(level("fan_out", {}, random));
  architecture.levels[2].stores = false;
  if (random.chance(50)) architecture.levels[2].spatial_dims = {{"C", "M"}};
  architecture.levels.push_back(level("inner", inner, random));
  architecture.levels[3].mesh = {2, 1};
  architecture.levels[3].words = 6 * random.between(1, 2);
  architecture.macs = {"mac", {2, 2}, 8, 1.0};
  return architecture;
}

// Visits every mapping: each dimension's factors over all loops it may have, then every order of every level's loops.
class Exhaustive {
 public:
  Exhaustive(const Problem& problem, const Architecture& architecture, Objective objective)
      : problem_(problem), architecture_(architecture), objective_(objective) {
    mapping_.levels.resize(architecture.levels.size());
    for (std::size_t l = 0; l < mapping_.levels.size(); ++l)
      for (const auto& tensor : problem.tensors) {
        const auto& keeps = architecture.levels[l].keeps;
        mapping_.levels[l].keeps.push_back(std::count(keeps.begin(), keeps.end(), tensor.name) > 0);
      }
    factors(0, 0, problem.dimensions[0].size);
  }
  double best = std::numeric_limits<double>::infinity();
  std::int64_t visited = 0;

 private:
  // Slot 3 l: temporal at level l; 3 l + 1 and 3 l + 2: spatial over columns and rows.
  void factors(std::size_t d, std::size_t slot, std::int64_t rest) {
    if (slot == 3 * mapping_.levels.size()) {
      if (rest > 1) return;
      if (d + 1 == problem_.dimensions.size()) return orders(0);
      return factors(d + 1, 0, problem_.dimensions[d + 1].size);
    }
    const std::size_t l = slot / 3;
    const Level& own = architecture_.levels[l];
    auto& loops = slot % 3 == 0   ? mapping_.levels[l].temporal
                  : slot % 3 == 1 ? mapping_.levels[l].spatial_x
                                  : mapping_.levels[l].spatial_y;
    const auto& dims = own.spatial_dims;
    const bool allowed =
        slot % 3 == 0 ? own.stores : !dims || std::count(dims->begin(), dims->end(), problem_.dimensions[d].name) > 0;
    const std::int64_t most = slot % 3 == 0   ? rest
                              : slot % 3 == 1 ? architecture_.fan_out(l).x
                                              : architecture_.fan_out(l).y;
    for (std::int64_t factor = 1; factor <= (allowed ? std::min(rest, most) : 1); ++factor) {
      if (rest % factor != 0) continue;
      if (factor > 1) loops.push_back({d, factor});
      factors(d, slot + 1, rest / factor);
      if (factor > 1) loops.pop_back();
    }
  }

  void orders(std::size_t l) {
    if (l == mapping_.levels.size()) {
      if (!misfits(problem_, architecture_, mapping_).empty()) return;
      ++visited;
      const auto cost = evaluate(problem_, architecture_, mapping_);
      best = std::min(best, Goal{objective_}.value(static_cast<double>(cost.cycles), cost.energy_pj));
      return;
    }
    auto& loops = mapping_.levels[l].temporal;
    const std::vector<Loop> saved = loops;
    const auto less = [](const Loop& a, const Loop& b) { return a.dimension < b.dimension; };
    std::sort(loops.begin(), loops.end(), less);
    do orders(l + 1);
    while (std::next_permutation(loops.begin(), loops.end(), less));
    loops = saved;
  }

  const Problem& problem_;
  const Architecture& architecture_;
  Objective objective_;
  Mapping mapping_;
};

constexpr Objective kObjectives[] = {Objective::kEdp, Objective::kEnergy, Objective::kLatency};

TEST(LevelSearch, FindsTheBestOfAllMappings) {
  std::int64_t visited = 0;
  for (std::uint64_t seed = 1; seed <= 14; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Architecture architecture = small_machine(random);
    const std::int64_t sizes[] = {1, 2, 3, 4, 6};
    const auto size = [&] { return sizes[random.between(0, 4)]; };
    const Problem problem = storage_levels::gemm(size(), size(), size(), random.chance(20) ? 2 : 1);
    const Objective objective = kObjectives[seed % 3];
    const Exhaustive all(problem, architecture, objective);
    const LevelSearchResult found = search_levels(problem, architecture, objective);
    EXPECT_EQ(misfits(problem, architecture, found.mapping), std::vector<std::string>());
    EXPECT_TRUE(found.proven_optimal);
    const double value = Goal{objective}.value(static_cast<double>(found.cost.cycles), found.cost.energy_pj);
    EXPECT_NEAR(value, all.best, 1e-9 * all.best);
    visited += all.visited;
  }
  EXPECT_GT(visited, 5000);
}

TEST(LevelSearch, WhereBandwidthIsLimitedThenTheProofHoldsOrIsNotClaimed) {
  int proven = 0, limited = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    Architecture architecture = small_machine(random);
    architecture.levels[0].bandwidth.shared = static_cast<double>(random.between(1, 4));
    if (random.chance(50)) architecture.levels[1].bandwidth = {std::nullopt, 1.5, 2.5};
    const Problem problem = storage_levels::gemm(random.between(2, 4), random.between(2, 4), random.between(2, 6));
    const Objective objective = kObjectives[seed % 3];
    const Exhaustive all(problem, architecture, objective);
    const LevelSearchResult found = search_levels(problem, architecture, objective);
    const double value = Goal{objective}.value(static_cast<double>(found.cost.cycles), found.cost.energy_pj);
    EXPECT_GE(value, all.best * (1 - 1e-9));
    EXPECT_LE(value, all.best * (found.proven_optimal ? 1 + 1e-9 : 1.5));
    proven += found.proven_optimal;
    limited += found.cost.cycles > found.cost.compute_cycles;
  }
  EXPECT_GT(proven, 5);
  EXPECT_GT(limited, 5);
}

TEST(LevelSearch, DimensionsOfAConvolutionEncodeAGemm) {
  Random random(7);
  const Architecture architecture = small_machine(random);
  Problem conv;
  conv.name = "conv";
  conv.dimensions = {{"C", 4}, {"M", 6}, {"R", 1}, {"P", 3}, {"Q", 2}};
  conv.tensors = {{"Weights", {{{0, ""}}, {{1, ""}}, {{2, ""}}}, false},
                  {"Inputs", {{{0, ""}}, {{2, ""}, {3, ""}}, {{4, ""}}}, false},
                  {"Outputs", {{{1, ""}}, {{3, ""}}, {{4, ""}}}, true}};
  const auto split = search_levels(conv, architecture, Objective::kEdp);
  const auto whole = search_levels(storage_levels::gemm(6, 4, 6), architecture, Objective::kEdp);
  EXPECT_EQ(misfits(conv, architecture, split.mapping), std::vector<std::string>());
  EXPECT_EQ(split.cost.cycles, whole.cost.cycles);
  EXPECT_NEAR(split.cost.energy_pj, whole.cost.energy_pj, 1e-9 * whole.cost.energy_pj);
}

TEST(LevelSearch, DimensionsOfOtherNamesAreFoundByWhatTheyIndex) {
  const Architecture architecture = storage_levels::load_architecture(kArch);
  Problem native = storage_levels::gemm(24, 96, 12);
  native.dimensions[0].name = "K";
  native.dimensions[2].name = "N";
  std::swap(native.tensors[0], native.tensors[1]);
  const auto found = search_levels(native, architecture, Objective::kEdp);
  EXPECT_EQ(found.cost.energy_pj,
            search_levels(storage_levels::gemm(24, 96, 12), architecture, Objective::kEdp).cost.energy_pj);
  EXPECT_EQ(found.cost.utilization, 1);
  native.tensors[0].name = "A";
  EXPECT_NE(test::error_of<base::ConfigError>([&] {
              search_levels(native, architecture, Objective::kEdp);
            }).find("inter_PE_spatial.spatial_dims: 'C' is not of the problem"),
            std::string::npos);
}

// What Timeloop's mapper found in up to two minutes (bench: tests/golden/timeloop), as EDP in J x cycles.
TEST(LevelSearch, BeatsTimeloopsBestOnItsExampleWithAProof) {
  struct Case {
    std::int64_t m, k, n;
    double timeloop;
  };
  const Architecture architecture = storage_levels::load_architecture(kArch);
  for (const Case& c : {Case{768, 768, 384, 6.93e3 / 2}, Case{3072, 768, 384, 9.459e4}, Case{280, 768, 384, 2.185e3},
                        Case{16, 48, 128, 4.383e-3}}) {
    const auto found = search_levels(storage_levels::gemm(c.m, c.k, c.n), architecture, Objective::kEdp);
    EXPECT_LE(found.cost.energy_pj * 1e-12 * static_cast<double>(found.cost.cycles), c.timeloop) << c.m;
    EXPECT_TRUE(found.proven_optimal);
    EXPECT_LT(found.searched, found.spatial_choices);
  }
}

TEST(LevelSearch, OddAndTrivialSizesAreMapped) {
  const Architecture architecture = storage_levels::load_architecture(kArch);
  for (const auto& [m, k, n] : {std::array<std::int64_t, 3>{1, 1, 1}, {1, 768, 1}, {7, 13, 11}, {1009, 1, 3}}) {
    const auto found = search_levels(storage_levels::gemm(m, k, n), architecture, Objective::kEdp);
    EXPECT_TRUE(found.proven_optimal);
    EXPECT_EQ(found.cost.macs, m * k * n);
    EXPECT_EQ(misfits(storage_levels::gemm(m, k, n), architecture, found.mapping), std::vector<std::string>());
  }
}

TEST(LevelSearch, WhatCannotBeSearchedIsNamed) {
  Architecture architecture = storage_levels::load_architecture(kArch);
  architecture.levels[1].keeps = {"Input", "Outputs"};
  architecture.levels[2].spatial_dims = {{"K"}};
  architecture.levels[0].keeps = {"Weights", "Outputs"};
  const Problem problem = storage_levels::gemm(4, 4, 4);
  const std::string text =
      test::error_of<base::ConfigError>([&] { search_levels(problem, architecture, Objective::kEdp); });
  EXPECT_EQ(text.substr(0, 2), "3 ");
  EXPECT_NE(text.find("GlobalBuffer.keeps: 'Input' is not of the problem (did you mean 'Inputs'?)"), std::string::npos);
  EXPECT_NE(text.find("spatial_dims: 'K'"), std::string::npos);
  EXPECT_NE(text.find("must keep all tensors, 'Inputs' is missing"), std::string::npos);
  architecture = storage_levels::load_architecture(kArch);
  architecture.levels[1].min_utilization = 1;
  EXPECT_NE(
      test::error_of<base::Error>([&] { search_levels(problem, architecture, Objective::kEdp); }).find("no mapping"),
      std::string::npos);
}

}  // namespace
}  // namespace heat::offline::mapper
