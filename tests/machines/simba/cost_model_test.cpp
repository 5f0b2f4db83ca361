#include "machines/simba/machine.h"

#include <gtest/gtest.h>

#include <random>

#include "machines/simba/misfits.h"
#include "machines/simba/node_step.h"
#include "machines/simba/shares.h"
#include "offline/mapper/search.h"
#include "offline/schedule/gemm_problem.h"
#include "tests/machines/simba/machines.h"

namespace heat::machines::simba {
namespace {

using offline::gemm_problem;
using offline::GemmProblem;
using offline::mapper::map_group;
using offline::mapper::SearchResult;
using spec::Action;
using spec::LoopDim;

double count(const GroupCost& cost, Action action) {
  return cost.actions[static_cast<std::size_t>(action)];
}

struct Case {
  std::int64_t m, k, n, b;
  LoopDim bound;
};
const Case kCases[] = {{768, 768, 384, 1, LoopDim::kN}, {100, 70, 33, 1, LoopDim::kN},  {64, 64, 1, 1, LoopDim::kM},
                       {13, 64, 50, 12, LoopDim::kB},   {384, 12, 1, 280, LoopDim::kM}, {17, 19, 5, 3, LoopDim::kN}};

TEST(CostModel, ConservesMacsAndRespectsThePeaks) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  for (const Case& c : kCases) {
    const GemmProblem p = gemm_problem({c.m, c.k, c.n, c.b}, c.bound);
    const SearchResult r = map_group(p.workload, p.group, machine, {});
    ASSERT_TRUE(r.feasible) << r.reason;
    const double macs = static_cast<double>(c.m * c.k * c.n * c.b);
    EXPECT_EQ(r.cost.macs, macs);
    EXPECT_GE(r.cost.cycles, macs / static_cast<double>(arch.macs_per_cycle()));
    EXPECT_GE(r.cost.cycles, r.cost.dram_bytes / arch.dram_bytes_per_cycle());
    // Every operand crosses the port at least once.
    EXPECT_GE(r.cost.dram_bytes, static_cast<double>(c.b * (c.m * c.k + c.n * c.k + c.m * c.n)));
    EXPECT_TRUE(group_misfits(p.workload, r.group, arch).empty());
    for (const ResourceCycles& busy : r.cost.resource_cycles) EXPECT_LE(busy.cycles, r.cost.cycles);
  }
}

TEST(CostModel, EnergyIsTheSumOfItsComponents) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  const GemmProblem p = gemm_problem({280, 768, 384}, LoopDim::kN);
  const SearchResult r = map_group(p.workload, p.group, machine, {});
  double components = 0, by_hand = 0;
  for (const auto& [name, pj] : r.cost.energy_by_component_pj) components += pj;
  EXPECT_NEAR(r.cost.energy_pj, components, 1e-6 * components);
  for (int a = 0; a < spec::kActionCount; ++a)
    if (static_cast<Action>(a) != Action::kDramByte)
      by_hand += r.cost.actions[static_cast<std::size_t>(a)] * energy.pj(static_cast<Action>(a));
  by_hand += r.cost.dram_bytes * energy.dram_all_in_pj_per_byte();
  const double static_mw =
      4 * (16 * (energy.static_mw(spec::StaticPart::kPe) + energy.static_mw(spec::StaticPart::kNocRouter)) +
           energy.static_mw(spec::StaticPart::kGlobalBuffer) + energy.static_mw(spec::StaticPart::kVectorUnit) +
           energy.static_mw(spec::StaticPart::kNopRouter) + energy.static_mw(spec::StaticPart::kController));
  by_hand += (static_mw + energy.dram_background_mw()) * r.cost.cycles / arch.clock_ghz;
  EXPECT_NEAR(r.cost.energy_pj, by_hand, 1e-6 * by_hand);
}

TEST(CostModel, WhenAnOperandIsSharedThenItIsReadOnceAndMulticast) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  GemmProblem p = gemm_problem({64, 64, 128}, LoopDim::kN);
  p.group.nodes[0].mapping = {
      {1, 64, 32, 64}, {LoopDim::kB, LoopDim::kM, LoopDim::kN}, {1, 16, 8, 64}, {1, 4, 4}, {LoopDim::kM, LoopDim::kN}};
  p.group.step = 32;
  const GroupCost cost = evaluate(p.workload, p.group, machine);
  EXPECT_EQ(cost.dram_bytes, 64 * 64 + 128 * 64 + 128 * 64);
  // Tree from chiplet 0 to all four: 3 links. Unicasts: 0 + 1 + 1 + 2.
  EXPECT_EQ(count(cost, Action::kNopByteHop), 64 * 64 * 3 + 2 * (32 * 64) * 4);
}

TEST(CostModel, WhenStepsRepeatThenUnpinnedWeightsAreLoadedEachTime) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  GemmProblem p = gemm_problem({64, 64, 128}, LoopDim::kN);
  p.group.nodes[0].mapping = {
      {1, 64, 8, 64}, {LoopDim::kB, LoopDim::kM, LoopDim::kN}, {1, 16, 8, 64}, {1, 4, 1}, {LoopDim::kM, LoopDim::kN}};
  p.group.step = 8;  // four steps
  EXPECT_EQ(evaluate(p.workload, p.group, machine).dram_bytes, 4 * 64 * 64 + 2 * 128 * 64);
  p.group.pinned = {spec::TensorId(0)};
  EXPECT_EQ(evaluate(p.workload, p.group, machine).dram_bytes, 64 * 64 + 2 * 128 * 64);
}

TEST(CostModel, PredictWritesEveryPrediction) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  const GemmProblem p = gemm_problem({64, 64, 128}, LoopDim::kN);
  const SearchResult r = map_group(p.workload, p.group, machine, {});
  spec::Plan plan;
  plan.groups.push_back(r.group);
  plan.groups.front().prediction = plan.groups.front().nodes[0].prediction = {};
  const PlanCost total = predict(p.workload, plan, machine);
  EXPECT_EQ(plan.groups.front().prediction, r.cost.prediction());
  EXPECT_EQ(plan.prediction.cycles, total.cycles);
  EXPECT_GT(plan.groups.front().nodes[0].prediction.cycles, 0);
}

TEST(StepClasses, CoverEveryShareExactlyOnce) {
  std::mt19937 rng(3);
  for (int round = 0; round < 500; ++round) {
    const std::int64_t extent = 1 + static_cast<std::int64_t>(rng() % 60),
                       step = 1 + static_cast<std::int64_t>(rng() % 20);
    const int chiplets = 1 + static_cast<int>(rng() % 6);
    const Shares shares(extent, chiplets);
    std::int64_t full = 0, partial = 0, steps = 0;
    for (const StepClass& c : step_classes(shares, step)) {
      full += c.full * c.count;
      partial += c.partial * c.count;
      steps += c.count;
      EXPECT_LE(c.full, step);
    }
    EXPECT_EQ(full, shares.share);
    EXPECT_EQ(partial, shares.partial) << extent << " over " << chiplets << " in " << step;
    EXPECT_EQ(steps, steps_of(shares.share, step));
    EXPECT_EQ(full * shares.full + partial, extent);
  }
}

// Tile by tile, as docs/mapper.md says it.
double walked(const NodeStep& n, int slots) {
  const auto tiles = static_cast<int>(n.tiles);
  const double execution = n.execution / n.tiles, memory = (n.memory - n.first_load - n.last_store) / (n.tiles - 1);
  std::vector<double> begun;
  double loaded = 0, done = 0;
  for (int i = 0; i < tiles; ++i) {
    if (i >= slots - 1) loaded = std::max(loaded, begun[static_cast<std::size_t>(i - slots + 1)]);
    loaded += i == 0 ? n.first_load : memory;
    const double period = i == 0 ? 0 : begun.back() + n.slot_cycles / n.tiles;
    begun.push_back(std::max({done, loaded + (i == 0 ? n.latency : 0), period}));
    done = begun.back() + execution;
  }
  return done + n.last_store + n.store_latency;
}

TEST(Pipeline, WhenLoadsFallBehindAfterManyTilesThenTheyDecide) {
  for (double execution : {10.0, 99.0, 100.0, 104.0, 109.0, 111.0, 300.0})
    for (double tiles : {2.0, 9.0, 12.0, 100.0, 1000.0})
      for (double latency : {0.0, 170.0, 2000.0}) {
        NodeStep n;
        n.tiles = tiles;
        n.execution = execution * tiles;
        n.memory = 110 * tiles;
        n.first_load = 110;
        n.latency = latency;
        Pipeline pipeline(1, 4);
        pipeline.add(n);
        EXPECT_NEAR(pipeline.total(), walked(n, 4), 1e-6 * pipeline.total())
            << execution << " " << tiles << " " << latency;
      }
}

}  // namespace
}  // namespace heat::machines::simba
