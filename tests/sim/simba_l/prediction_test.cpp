// The analytical model beside the simulation of the same schedule: energy under the same names, and equal to the last bit
// where both only count.
#include <gtest/gtest.h>

#include <set>

#include "machines/simba/machine.h"
#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using namespace test_support;

std::vector<BuiltSchedule> samples() {
  std::vector<BuiltSchedule> list{encoder_layer(small_arch(), {})};
  for (LayerMethod method : all_layer_methods()) {
    LayerOptions o;
    o.random_mappings = true;
    list.push_back(factorised_layer(small_arch(), method, o));
  }
  AttentionOptions attention;
  attention.ahead = true;
  attention.heads = 12;
  attention.step = 1;
  list.push_back(attention_block(small_arch(), attention));
  DividedSumOptions sums;
  sums.fused = true;
  list.push_back(divided_sum(small_arch(), 4, 17, 19, 13, sums));
  return list;
}

std::set<std::string> keys_of(const std::map<std::string, double>& energy) {
  std::set<std::string> keys;
  for (const auto& [name, pj] : energy) keys.insert(name);
  return keys;
}

std::map<std::string, double> components(const nlohmann::json& json) {
  return json.at("energy_by_component_pj").get<std::map<std::string, double>>();
}

struct Both {
  Outcome simulated;
  machines::PlanCost predicted;
};

Both both(const BuiltSchedule& built, const Machine& machine, const spec::EnergyTable& table) {
  return {run(built, machine), machines::evaluate(built.schedule.workload, built.schedule.plan,
                                                  machines::simba::Machine(machine.arch, table))};
}

Both both(const BuiltSchedule& built, const spec::EnergyTable& table) {
  Machine machine;
  machine.arch = small_arch();
  return both(built, machine, table);
}

TEST(Prediction, EnergyHasTheComponentsOfTheMeasurement) {
  const spec::EnergyTable table = spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml");
  std::set<std::string> all;
  for (const spec::ComponentInfo& c : spec::kComponents) all.insert(c.name);
  for (const BuiltSchedule& built : samples()) {
    const Both b = both(built, table);
    ASSERT_EQ(b.simulated.error, "");
    EXPECT_EQ(keys_of(components(b.simulated.report)), all);
    for (const auto& n : b.simulated.report["nodes"]) EXPECT_EQ(keys_of(components(n)), all);
    for (const machines::GroupCost& g : b.predicted.groups) {
      EXPECT_EQ(keys_of(g.energy_by_component_pj), all);
      for (const machines::NodeCost& n : g.nodes) EXPECT_EQ(keys_of(n.energy_by_component_pj), all);
    }
  }
}

// Counts of the PEs are exact in both; so is what they cost. (Beyond the PEs the model takes means over alignments.)
TEST(Prediction, DynamicEnergyOfThePesIsTheMeasuredOne) {
  const spec::EnergyTable table = spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml");
  for (const BuiltSchedule& built : samples()) {
    const Both b = both(built, table);
    ASSERT_EQ(b.simulated.error, "");
    double simulated = 0, predicted = 0;
    for (const spec::ActionInfo& a : spec::kActions) {
      if (a.component != spec::Component::kPe) continue;
      double count = 0;
      for (const machines::GroupCost& g : b.predicted.groups) count += g.actions[static_cast<std::size_t>(a.value)];
      EXPECT_EQ(count, static_cast<double>(b.simulated.count(a.name))) << a.name;
      predicted += count * table.pj(a.value);
      simulated += static_cast<double>(b.simulated.count(a.name)) * table.pj(a.value);
    }
    EXPECT_GT(simulated, 0);
    EXPECT_EQ(predicted, simulated);
  }
}

double predicted_count(const Both& b, spec::Action action) {
  double count = 0;
  for (const machines::GroupCost& g : b.predicted.groups) count += g.actions[static_cast<std::size_t>(action)];
  return count;
}

// A mask costs its load and its words, and nothing where there is none: both know it alike.
TEST(Prediction, MaskThenItsLoadsAndWordsInBoth) {
  const spec::EnergyTable table = spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml");
  for (bool heads : {true, false}) {
    AttentionOptions o;
    o.padding_mask = true;
    o.loop_over_heads = heads;
    o.tokens = 23;
    BuiltSchedule built = attention_block(small_arch(), o);
    const Both with = both(built, table);
    for (spec::Node& node : built.schedule.workload.nodes)
      if (node.vector) node.vector->mask = {};
    const Both without = both(built, table);
    ASSERT_EQ(with.simulated.error + without.simulated.error, "");
    EXPECT_GE(with.simulated.cycles(), without.simulated.cycles());
    EXPECT_GE(with.predicted.cycles, without.predicted.cycles);
    for (spec::Action a : {spec::Action::kGlobalBufferRead, spec::Action::kDramByte, spec::Action::kControllerCommand,
                           spec::Action::kNopByteHop}) {
      const auto more = static_cast<double>(with.simulated.count(spec::action_name(a)) -
                                            without.simulated.count(spec::action_name(a)));
      EXPECT_GT(more, 0) << spec::action_name(a);
      EXPECT_EQ(predicted_count(with, a) - predicted_count(without, a), more) << spec::action_name(a);
    }
  }
}

// Static power is drawn by part: a component's energy less its actions is its parts' power times the cycles.
TEST(Prediction, StaticEnergyIsUnderTheComponentThatLeaks) {
  const spec::EnergyTable table = spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml");
  const spec::ArchSpec arch = small_arch();
  const double chiplets = arch.chiplets(), pes = chiplets * arch.pes();
  const std::map<std::string, double> static_mw{
      {"pe", pes * table.static_mw(spec::StaticPart::kPe)},
      {"noc", pes * table.static_mw(spec::StaticPart::kNocRouter)},
      {"nop", chiplets * table.static_mw(spec::StaticPart::kNopRouter)},
      {"global_buffer", chiplets * table.static_mw(spec::StaticPart::kGlobalBuffer)},
      {"vector_unit", chiplets * table.static_mw(spec::StaticPart::kVectorUnit)},
      {"controller", chiplets * table.static_mw(spec::StaticPart::kController)}};
  for (const BuiltSchedule& built : samples()) {
    const Both b = both(built, table);
    ASSERT_EQ(b.simulated.error, "");
    for (const auto& [name, mw] : static_mw) {
      double measured = components(b.simulated.report).at(name), predicted = 0;
      for (const spec::ActionInfo& a : spec::kActions)
        if (spec::component_name(a.component) == name)
          measured -= static_cast<double>(b.simulated.count(a.name)) * table.pj(a.value);
      for (const machines::GroupCost& g : b.predicted.groups) {
        predicted += g.energy_by_component_pj.at(name);
        for (const spec::ActionInfo& a : spec::kActions)
          if (spec::component_name(a.component) == name)
            predicted -= g.actions[static_cast<std::size_t>(a.value)] * table.pj(a.value);
      }
      const double ns = static_cast<double>(b.simulated.cycles()) / arch.clock_ghz;
      EXPECT_NEAR(measured, mw * ns, 1e-9 * components(b.simulated.report).at(name)) << name;
      EXPECT_NEAR(predicted, mw * b.predicted.cycles / arch.clock_ghz, 1e-9 * predicted + 1e-3) << name;
    }
  }
}

// One GEMM on Simba-L, in steps of all its tokens.
spec::ArchSpec simba_l() {
  return spec::ArchSpec::load(HEAT_SOURCE_DIR "/configs/arch/simba-l.yaml");
}

Both both_of_gemm(std::int64_t M, std::int64_t N, std::int64_t K, const spec::GemmMapping& mapping,
                  const spec::ArchSpec& arch = simba_l()) {
  Machine machine;
  machine.arch = arch;
  machine.memory_latency_cycles = 60;  // what an uncalibrated model takes it for
  OneGemmOptions o;
  o.mapping = mapping;
  o.step = N;
  return both(one_gemm(machine.arch, 1, M, N, K, o), machine,
              spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml"));
}

// k over the PEs of a chiplet: every count of PEs and NoC as measured, the time nearly.
TEST(Prediction, KOverPesThenCountsAndCyclesAreThoseOfTheMeasurement) {
  struct OverK {
    std::int64_t M, N, K;
    spec::Extents pe;
    spec::SpatialSplit split;
  };
  for (const OverK& t :
       {OverK{16, 16, 1024, {1, 16, 16, 64}, {1, 1, 1, 16}}, OverK{48, 32, 768, {1, 16, 32, 192}, {1, 3, 1, 4}},
        OverK{48, 32, 768, {1, 48, 16, 96}, {1, 1, 2, 8}}, OverK{17, 15, 255, {1, 17, 15, 64}, {1, 1, 1, 3}},
        OverK{64, 32, 3072, {1, 16, 32, 192}, {1, 4, 1, 4}}, OverK{255, 17, 255, {1, 64, 17, 96}, {1, 2, 1, 2}}}) {
    spec::GemmMapping map;
    map.gb_tile = {1, t.M, t.N, t.K};
    map.pe_tile = t.pe;
    map.spatial = t.split;
    const Both b = both_of_gemm(t.M, t.N, t.K, map);
    ASSERT_EQ(b.simulated.error, "");
    const std::string what = std::to_string(t.M) + " x " + std::to_string(t.K) + " x " + std::to_string(t.N) +
                             ", k over " + std::to_string(t.split.k);
    for (spec::Action a : {spec::Action::kMac, spec::Action::kAccumulatorRead, spec::Action::kAccumulatorWrite,
                           spec::Action::kWeightBufferWrite, spec::Action::kInputBufferRead, spec::Action::kPpuElement,
                           spec::Action::kNocByteHop, spec::Action::kControllerCommand})
      EXPECT_EQ(predicted_count(b, a), static_cast<double>(b.simulated.count(spec::action_name(a))))
          << spec::action_name(a) << " of " << what;
    const auto measured = static_cast<double>(b.simulated.cycles());
    EXPECT_NEAR(b.predicted.cycles, measured, 0.08 * measured) << what;
  }
}

// Tiles that pass through their slots one by one: each waits for the sends of the tile so many before it. With two slots
// that is what such a GEMM takes its time for (1 x 768 x 384 was predicted 29 % too fast); with four it is the link, and
// what is left out at both ends weighs more.
void expect_thin_gemms_predicted(int queue_depth, double error) {
  struct Thin {
    std::int64_t M, N, K;
    spec::Extents gb, pe;
  };
  for (const Thin& t :
       {Thin{384, 1, 768, {1, 16, 1, 768}, {1, 16, 1, 768}}, Thin{384, 1, 768, {1, 64, 1, 768}, {1, 16, 1, 768}},
        Thin{768, 1, 768, {1, 64, 1, 768}, {1, 32, 1, 768}}, Thin{128, 1, 3072, {1, 16, 1, 3072}, {1, 16, 1, 1536}},
        Thin{384, 1, 255, {1, 17, 1, 255}, {1, 17, 1, 255}}, Thin{768, 1, 768, {1, 15, 1, 768}, {1, 15, 1, 768}}}) {
    spec::GemmMapping map;
    map.gb_tile = t.gb;
    map.pe_tile = t.pe;
    spec::ArchSpec arch = simba_l();
    arch.controller.queue_depth = queue_depth;
    const Both b = both_of_gemm(t.M, t.N, t.K, map, arch);
    ASSERT_EQ(b.simulated.error, "");
    const auto measured = static_cast<double>(b.simulated.cycles());
    EXPECT_NEAR(b.predicted.cycles, measured, error * measured)
        << t.M << " x " << t.K << " x " << t.N << " in tiles of " << t.gb.m;
  }
}

TEST(Prediction, ThinGemmThenCyclesAreThoseOfTheMeasurement) {
  expect_thin_gemms_predicted(4, 0.08);
}

TEST(Prediction, ThinGemmWithLoadsFarAheadThenCyclesNearlyThoseOfTheMeasurement) {
  expect_thin_gemms_predicted(16, 0.1);
}

}  // namespace
}  // namespace heat::simba_test
