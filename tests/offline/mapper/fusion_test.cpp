#include "offline/mapper/fusion.h"

#include <gtest/gtest.h>

#include <limits>

#include "machines/simba/machine.h"
#include "machines/simba/misfits.h"
#include "offline/mapper/fusible_runs.h"
#include "offline/schedule/addresses.h"
#include "offline/schedule/lower_path.h"
#include "spec/schedule_checks.h"
#include "tests/machines/simba/machines.h"

namespace heat::offline::mapper {
namespace {

using machines::PlanCost;
using machines::simba::energy_of;
using machines::simba::Machine;
using machines::simba::simba_l;

struct Layer {
  const char* equation;
  std::map<spec::Index, std::int64_t> sizes;
  std::vector<std::pair<int, int>> path;
};

const std::vector<Layer>& layers() {
  static const std::vector<Layer> list{
      {"tc,rc,or->to", {{"t", 384}, {"c", 768}, {"o", 768}, {"r", 200}}, {{0, 1}, {0, 1}}},
      {"tc,rc,or->to", {{"t", 50}, {"c", 70}, {"o", 33}, {"r", 13}}, {{0, 1}, {0, 1}}},
      {"tab,ar,br,or->to", {{"t", 128}, {"a", 12}, {"b", 64}, {"r", 100}, {"o", 768}}, {{0, 2}, {0, 2}, {0, 1}}},
      {"tc,pqr,cr,ap,bq->tab",
       {{"t", 128}, {"a", 12}, {"b", 64}, {"c", 256}, {"p", 6}, {"q", 30}, {"r", 60}},
       {{0, 2}, {0, 3}, {0, 2}, {0, 1}}},
      {"tac,abr,rcd->tbd", {{"t", 96}, {"a", 24}, {"b", 24}, {"c", 16}, {"d", 16}, {"r", 8}}, {{0, 1}, {0, 1}}}};
  return list;
}

struct Lowered {
  spec::Workload workload;
  LoweredPath path;
};

Lowered lowered(const Layer& layer) {
  LowerRequest r;
  r.einsum = spec::Einsum::parse(layer.equation, layer.sizes);
  r.path.steps = layer.path;
  for (std::size_t i = 0; i < r.einsum.operands.size(); ++i)
    r.operands.push_back({"op" + std::to_string(i), i ? spec::TensorKind::kWeight : spec::TensorKind::kInput, {}});
  r.layer = "layer";
  r.output_name = "y";
  r.output_kind = spec::TensorKind::kOutput;
  r.grain = {1, 16, 1, 16};
  Lowered l;
  l.path = lower_path(l.workload, r);
  return l;
}

// The chain's groups as a schedule of its own.
spec::Schedule schedule_of(const spec::Workload& workload, const FusionResult& fused) {
  spec::Schedule s{workload, {}, "", "s.json"};
  s.plan.arch = "simba-l";
  for (const spec::FusedGroup& g : fused.groups) s.plan.groups.push_back(g);
  assign_addresses(s.workload, s.plan);
  return s;
}

TEST(PlanFusion, IsNeverWorseThanUnfusedAndAlwaysFits) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  int fused_somewhere = 0;
  for (const Layer& layer : layers())
    for (Objective objective : {Objective::kEdp, Objective::kEnergy, Objective::kLatency}) {
      const Lowered l = lowered(layer);
      SearchOptions options;
      options.objective = objective;
      const FusionResult r = plan_fusion(l.workload, l.path.nodes, machine, options);
      const auto s = schedule_of(l.workload, r);
      ASSERT_TRUE(r.feasible) << r.reason;
      const auto value = [&](double cycles, double energy_pj) {
        return objective_value(objective, cycles, energy_pj, arch);
      };
      FusionSpace space;
      space.max_run = 1;
      const FusionResult unfused = plan_fusion(l.workload, l.path.nodes, machine, options, nullptr, space);
      ASSERT_TRUE(unfused.feasible) << unfused.reason;
      EXPECT_LE(value(r.cycles, r.energy_pj), value(unfused.cycles, unfused.energy_pj)) << layer.equation;
      EXPECT_TRUE(machines::simba::misfits(s, arch).empty()) << machines::simba::misfits(s, arch).front();
      base::Problems problems;
      spec::check_structure(s, problems);
      EXPECT_TRUE(problems.empty()) << problems.list().front();
      // What was promised is what the model says of the finished schedule.
      const PlanCost total = evaluate(s.workload, s.plan, machine);
      EXPECT_NEAR(total.cycles, r.cycles, 1e-6 * r.cycles);
      EXPECT_NEAR(total.energy_pj, r.energy_pj, 1e-6 * r.energy_pj);
      for (const auto& g : r.groups) fused_somewhere += g.in_global_buffer.empty() ? 0 : 1;
    }
  EXPECT_GE(fused_somewhere, 6);
}

// What a run costs as one group by the goal; infinite: it cannot be one.
double run_value(const Lowered& l, const FusibleRuns& runs, std::size_t first, std::size_t last, const Machine& machine,
                 const SearchOptions& options) {
  double least = std::numeric_limits<double>::infinity();
  for (spec::LoopDim dim : runs.dims(first)) {
    if (last > first && !runs.fusible(first, last, dim)) continue;
    spec::FusedGroup group = last > first ? runs.group(first, last, dim) : runs.alone(first, dim);
    for (int ahead : {0, last > first ? runs.ahead(first, last) : 0}) {
      group.ahead = ahead;
      const SearchResult r = map_group(l.workload, group, machine, options);
      if (r.feasible) least = std::min(least, options.goal().value(r.cost.cycles, r.cost.energy_pj));
    }
  }
  return least;
}

// Bounds decide which groups are mapped at all: the best of all partitions is found none the less.
TEST(PlanFusion, OfLinearGoalsThenNoPartitionIsBetter) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  for (const Layer& layer : layers())
    for (double power : {500.0, 6000.0}) {
      const Lowered l = lowered(layer);
      SearchOptions options;
      options.energy_weight = 1;
      options.cycle_weight = power;
      const FusibleRuns runs(l.workload, l.path.nodes, {}, machine);
      std::vector<double> rest(l.path.nodes.size() + 1, std::numeric_limits<double>::infinity());
      rest.back() = 0;
      for (std::size_t i = l.path.nodes.size(); i-- > 0;)
        for (std::size_t j = i; j < l.path.nodes.size(); ++j)
          rest[i] = std::min(rest[i], run_value(l, runs, i, j, machine, options) + rest[j + 1]);
      const FusionResult r = plan_fusion(l.workload, l.path.nodes, machine, options);
      ASSERT_TRUE(r.feasible) << r.reason;
      EXPECT_NEAR(options.goal().value(r.cycles, r.energy_pj), rest[0], 1e-9 * rest[0]) << layer.equation;
    }
}

TEST(PlanFusion, WhenTheIntermediateFitsThenItNeverLeavesTheChip) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Lowered l = lowered(layers()[0]);
  const FusionResult r = plan_fusion(l.workload, l.path.nodes, Machine(arch, energy), {});
  ASSERT_EQ(r.groups.size(), 1u);
  ASSERT_EQ(r.groups[0].in_global_buffer, l.path.intermediates);
  // Input, two weights and output once each; the intermediate not at all.
  const double bytes = 384 * 768 + 768 * 200 + 768 * 200 + 384 * 768;
  EXPECT_NEAR(evaluate(l.workload, r.groups[0], Machine(arch, energy)).dram_bytes, bytes, 0.02 * bytes);
}

// Many weights and few tokens: sharing the tokens out would bring every weight to every chiplet, sharing the outputs
// brings each to one.
TEST(PlanFusion, WhenALoneGemmHasManyWeightsThenItsOutputsAreSharedOutInsteadOfItsTokens) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Machine machine(arch, energy);
  const Layer layer{"tc,oc->to", {{"t", 64}, {"c", 768}, {"o", 3072}}, {{0, 1}}};
  const Lowered l = lowered(layer);
  ASSERT_EQ(l.path.nodes[0].bound, spec::LoopDim::kN);
  const FusionResult r = plan_fusion(l.workload, l.path.nodes, machine, {});
  const spec::FusedGroup& chosen = r.groups.at(0);
  EXPECT_EQ(chosen.nodes[0].bound, spec::LoopDim::kM);
  EXPECT_EQ(chosen.index, "o");
  EXPECT_EQ(chosen.extent, 3072);
  EXPECT_TRUE(machines::simba::group_misfits(l.workload, chosen, arch).empty());
  const spec::FusedGroup by_token{"by token", "t", 64, 16, 0, 0, {{spec::NodeId(0), spec::LoopDim::kN, {}, {}}},
                                  {},         {},  {}, {}};
  const SearchResult tokens = map_group(l.workload, by_token, machine, {});
  ASSERT_TRUE(tokens.feasible) << tokens.reason;
  const double weights = 3072 * 768;
  const auto hops = [](const GroupCost& c) { return c.actions[static_cast<std::size_t>(spec::Action::kNopByteHop)]; };
  EXPECT_GT(hops(tokens.cost), 3 * weights);
  EXPECT_LT(hops(evaluate(l.workload, chosen, machine)), 2 * weights);
  EXPECT_LT(r.cycles * r.energy_pj, tokens.cost.cycles * tokens.cost.energy_pj);
}

// Two GEMMs whose intermediate fills most of the buffer: with the input's share pinned the weights stream past it once;
// without, they are read again for every tile of tokens.
TEST(PlanFusion, WhenTheInputsShareIsPinnedThenWeightsAreReadOnce) {
  const spec::ArchSpec arch = simba_l();
  const spec::EnergyTable energy = energy_of(arch);
  const Layer layer{"tc,rc,or->to", {{"t", 384}, {"c", 768}, {"o", 768}, {"r", 3072}}, {{0, 1}, {0, 1}}};
  const Lowered l = lowered(layer);
  const FusionResult r = plan_fusion(l.workload, l.path.nodes, Machine(arch, energy), {});
  ASSERT_EQ(r.groups.size(), 1u);
  EXPECT_EQ(r.groups[0].pinned, std::vector<spec::TensorId>{spec::TensorId(0)});
  const double bytes = 2 * 384 * 768 + 2 * 768 * 3072;
  EXPECT_NEAR(evaluate(l.workload, r.groups[0], Machine(arch, energy)).dram_bytes, bytes, 0.02 * bytes);
}

}  // namespace
}  // namespace heat::offline::mapper
