// Bounds against the costs that they bound, over groups of all kinds: each is at most the next narrower one.
#include "machines/simba/node_bounds.h"

#include <gtest/gtest.h>

#include "machines/simba/machine.h"
#include "tests/machines/simba/machines.h"
#include "tests/support/random.h"
#include "tests/support/sample_schedules.h"

namespace heat::machines::simba {
namespace {

using base::ceil_div;
using spec::Extents;
using spec::LoopDim;
using test_support::Random;

constexpr LoopDim B = LoopDim::kB, M = LoopDim::kM, N = LoopDim::kN, K = LoopDim::kK;

// A mapping of the search's space (offline/mapper/search.h), whether or not it fits the buffers.
spec::GemmMapping draw(const Extents& e, std::int64_t pes, Random& random) {
  spec::GemmMapping map;
  for (LoopDim dim : {B, M, N, K}) map.pe_tile[dim] = random.between(1, e[dim]);
  const auto tiles = [&](LoopDim dim) { return ceil_div(e[dim], map.pe_tile[dim]); };
  map.spatial = {1, 1, 1, random.chance(30) ? std::min(tiles(K), pes) : 1};
  if (map.spatial.k > 1) map.pe_tile.k = ceil_div(e.k, map.spatial.k);
  map.spatial.k = map.spatial.k > 1 ? tiles(K) : 1;
  std::int64_t free = pes / map.spatial.k;
  map.spatial.b = random.between(1, std::min(free, tiles(B)));
  free /= map.spatial.b;
  map.spatial.m = random.between(1, std::min(free, tiles(M)));
  map.spatial.n = std::min(free / map.spatial.m, tiles(N));
  const Extents wave{map.pe_tile.b * map.spatial.b, map.pe_tile.m * map.spatial.m, map.pe_tile.n * map.spatial.n,
                     map.pe_tile.k * map.spatial.k};
  const auto waves = [&](LoopDim dim) {
    return std::min(e[dim], wave[dim] * random.between(1, ceil_div(e[dim], wave[dim])));
  };
  map.gb_tile = {waves(B), waves(M), waves(N), e.k};
  if (random.chance(30)) map.gb_tile = {std::min(e.b, wave.b), std::min(e.m, wave.m), std::min(e.n, wave.n), waves(K)};
  constexpr std::array<std::array<LoopDim, 3>, 6> kOrders{
      {{B, M, N}, {B, N, M}, {M, B, N}, {N, B, M}, {M, N, B}, {N, M, B}}};
  map.gb_order = kOrders[static_cast<std::size_t>(random.between(0, 5))];
  map.wave_order = random.chance(50) ? std::array{M, N} : std::array{N, M};
  return map;
}

// Whether the operand of dimension `own` stays from one tile along `moving` to the next.
bool kept(const spec::GemmMapping& map, LoopDim moving, LoopDim own, const Extents& tiles) {
  bool inside = false, stays = tiles.k == 1;
  for (LoopDim dim : map.gb_order) {
    stays = stays && !(inside && (dim == own || dim == B) && tiles[dim] > 1);
    inside = inside || dim == moving;
  }
  return stays;
}

void expect_at_most(const Cost& bound, const Cost& cost, const std::string& what) {
  EXPECT_LE(bound.cycles, cost.cycles * (1 + 1e-9)) << what;
  EXPECT_LE(bound.energy_pj, cost.energy_pj * (1 + 1e-9)) << what;
}

struct Tightness {
  double sum = 0;
  int count = 0;
};

void check(const machines::GroupModel& model, std::size_t position, bool alone, std::int64_t pes, Random& random,
           Tightness& tightness, const std::string& name) {
  const Extents e = model.extents(position);
  const spec::GemmMapping map = draw(e, pes, random);
  const std::unique_ptr<machines::NodeBounds> bounds = model.bounds(position, alone);
  const std::unique_ptr<TileBounds> of_tile = bounds->of_tile(map.pe_tile);
  const Cost of_split = of_tile->of_split(map.spatial);
  const std::unique_ptr<ChoiceBounds> choice = of_tile->choice(map.spatial);
  const Extents tiles{ceil_div(e.b, map.gb_tile.b), ceil_div(e.m, map.gb_tile.m), ceil_div(e.n, map.gb_tile.n),
                      ceil_div(e.k, map.gb_tile.k)};
  const Cost of_tiling =
      choice->of_tiling({map.gb_tile, tiles, kept(map, N, M, tiles), kept(map, M, N, tiles), map.wave_order[0] == M});
  const Cost cost = alone ? model.cost({map}) : model.node_cost(position, map);
  const auto text = [](const auto& x) {
    return std::to_string(x.b) + "," + std::to_string(x.m) + "," + std::to_string(x.n) + "," + std::to_string(x.k);
  };
  const std::string what = name + " node " + std::to_string(position) + " of " + text(e) + " pe " + text(map.pe_tile) +
                           " split " + text(map.spatial) + " gb " + text(map.gb_tile);
  expect_at_most(of_tile->least(), of_split, what + ": tile, split");
  expect_at_most(of_split, choice->least(), what + ": split, choice");
  expect_at_most(choice->least(), of_tiling, what + ": choice, tiling");
  expect_at_most(of_tiling, cost, what + ": tiling, cost");
  tightness.sum += of_tiling.energy_pj / cost.energy_pj;
  ++tightness.count;
}

// Groups of one and of several GEMMs, with rests, resident and travelling operands, pins, sums and nodes ahead.
std::vector<test_support::BuiltSchedule> samples(const spec::ArchSpec& arch, std::uint64_t seed) {
  using namespace test_support;
  std::vector<BuiltSchedule> list;
  for (GemmBound bound : {GemmBound::kB, GemmBound::kM, GemmBound::kN}) {
    OneGemmOptions o;
    o.seed = seed;
    o.random_mappings = true;
    o.bound = bound;
    o.pin_weight = seed % 2 == 0;
    list.push_back(one_gemm(arch, bound == GemmBound::kB ? 3 : 1, 24 + static_cast<std::int64_t>(seed % 7), 20, 33, o));
  }
  AttentionOptions attention;
  attention.seed = seed;
  attention.heads = 8;
  attention.step = 1 + static_cast<std::int64_t>(seed % 3);
  attention.loop_over_heads = seed % 2 == 0;
  attention.pin_shares = seed % 4 == 1;
  list.push_back(attention_block(arch, attention));
  attention.step = 1;
  attention.loop_over_heads = attention.ahead = true;
  list.push_back(attention_block(arch, attention));
  DividedSumOptions sums;
  sums.seed = seed;
  sums.fused = true;
  list.push_back(divided_sum(arch, 3, 5, 7, 6, sums));
  for (LayerMethod method : all_layer_methods()) {
    LayerOptions o;
    o.seed = seed;
    o.random_mappings = true;
    list.push_back(factorised_layer(arch, method, o));
  }
  return list;
}

// What the planner rules fewer chiplets out by.
TEST(Machine, LeastEnergyOfItsMacsAndIdlePowerThenAtMostWhatAGroupTakes) {
  const spec::ArchSpec arch = tiny();
  const spec::EnergyTable energy = energy_of(arch);
  Calibration fitted;
  fitted.dynamic_energy_factor = 1.2;
  for (const Calibration& calibration : {Calibration{}, fitted}) {
    const Machine machine(arch, energy, calibration);
    for (const test_support::BuiltSchedule& built : samples(arch, 3))
      for (const spec::FusedGroup& group : built.schedule.plan.groups) {
        const GroupCost cost = evaluate(built.schedule.workload, group, machine);
        EXPECT_LE(cost.macs * machine.least_mac_pj() + cost.cycles * machine.idle_pj_per_cycle(), cost.energy_pj)
            << group.name;
      }
  }
}

// Of the seeds `from` to `to` on the machine.
Tightness check_samples(spec::ArchSpec arch, std::uint64_t from, std::uint64_t to) {
  const spec::EnergyTable energy = energy_of(arch);
  Calibration fitted;
  fitted.overlap = 0.7;
  fitted.compute_factor = 0.9;
  fitted.dynamic_energy_factor = 1.2;
  fitted.send_factor = 1.3;
  Random random(7);
  Tightness tightness;
  for (std::uint64_t seed = from; seed <= to; ++seed) {
    arch.noc.base_cycles = arch.noc.hop_cycles = seed % 3 == 0 ? 1 : 4;
    const Machine machine(arch, energy, seed % 2 ? fitted : Calibration{});
    const std::unique_ptr<CostModel> costs = machine.cost_model();
    for (const test_support::BuiltSchedule& built : samples(arch, seed)) {
      const spec::Workload& workload = built.schedule.workload;
      for (const spec::FusedGroup& group : built.schedule.plan.groups) {
        const std::unique_ptr<machines::GroupModel> model = costs->group(workload, group);
        const bool alone = group.nodes.size() == 1 && group.ahead == 0;
        for (std::size_t i = 0; i < group.nodes.size(); ++i)
          for (int times = 0; times < 8 && workload.nodes[group.nodes[i].node].gemm; ++times)
            check(*model, i, alone && times % 2 == 0, arch.pes(), random, tightness, group.name);
      }
    }
  }
  return tightness;
}

TEST(NodeBounds, EachIsAtMostTheNextAndTheCost) {
  const Tightness tightness = check_samples(tiny(), 1, 12);
  EXPECT_GT(tightness.count, 2500);
  EXPECT_GT(tightness.sum / tightness.count, 0.7);
}

// The DRAM is nearer than homes are, or so slow that loads and stores take longest.
TEST(NodeBounds, OfALargePackageThenTheyHoldToo) {
  spec::ArchSpec arch = tiny();
  arch.nop.width = arch.nop.height = 6;
  arch.nop.hop_cycles = 20;
  arch.dram_ports.chiplets = {3};
  for (const int bytes_per_cycle : {1, 32}) {
    arch.dram_ports.bytes_per_cycle = bytes_per_cycle;
    const Tightness tightness = check_samples(arch, 1, 8);
    EXPECT_GT(tightness.count, 1500);
    EXPECT_GT(tightness.sum / tightness.count, 0.6);
  }
}

}  // namespace
}  // namespace heat::machines::simba
