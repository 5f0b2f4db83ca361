// What must hold for every schedule: conservation of MACs, energy and time; both data modes alike; more machine never
// slower; runs repeatable; faults reported with module and node.
#include <gtest/gtest.h>

#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using namespace test_support;

std::vector<BuiltSchedule> samples() {
  std::vector<BuiltSchedule> list;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    EncoderOptions e;
    e.seed = seed;
    e.random_mappings = seed > 1;
    e.padding_mask = seed == 3;
    list.push_back(encoder_layer(small_arch(), e));
    LayerOptions l;
    l.seed = seed;
    l.random_mappings = true;
    list.push_back(factorised_layer(small_arch(), LayerMethod::kTucker, l));
    OneGemmOptions g;
    g.seed = seed;
    g.random_mappings = true;
    list.push_back(one_gemm(small_arch(), 3, 17, 19, 50, g));
    DividedSumOptions s;
    s.seed = seed;
    s.random_mappings = true;
    list.push_back(divided_sum(small_arch(), 3, 17, 19, 20, s));
  }
  return list;
}

Machine small(bool data = false) {
  Machine m;
  m.arch = small_arch();
  m.options.data = data;
  return m;
}

TEST(Property, MacsOfTheScheduleThenMacsOfTheRun) {
  for (const auto& built : samples()) {
    const Outcome o = run(built, small());
    ASSERT_EQ(o.error, "");
    std::int64_t macs = 0;
    for (std::size_t i = 0; i < built.schedule.workload.nodes.size(); ++i) {
      EXPECT_EQ(o.report["nodes"][i]["macs"],
                built.schedule.workload.nodes[spec::NodeId(static_cast<std::int32_t>(i))].macs());
      macs += built.schedule.workload.nodes[spec::NodeId(static_cast<std::int32_t>(i))].macs();
    }
    EXPECT_EQ(o.report["macs"], macs);
  }
}

TEST(Property, PartsThenSumIsTheTotal) {
  for (const auto& built : samples()) {
    const Outcome o = run(built, small());
    ASSERT_EQ(o.error, "");
    double by_component = 0, by_group = 0;
    for (const auto& [name, pj] : o.report["energy_by_component_pj"].items()) by_component += pj.get<double>();
    std::int64_t cycles = 0, group_cycles = 0;
    for (const auto& n : o.report["nodes"]) cycles += n["cycles"].get<std::int64_t>();
    for (const auto& g : o.report["groups"]) {
      by_group += g["energy_pj"].get<double>();
      group_cycles += g["cycles"].get<std::int64_t>();
    }
    const double total = o.report["energy_pj"].get<double>();
    EXPECT_NEAR(by_component, total, 1e-9 * total);
    EXPECT_NEAR(by_group, total, 1e-9 * total);
    EXPECT_EQ(cycles, o.cycles());
    EXPECT_EQ(group_cycles, o.cycles());
  }
}

// Not nearly: the run's figures are these very additions.
TEST(Property, EnergyOfNodesThenAddsUpExactlyByComponent) {
  for (const auto& built : samples()) {
    const Outcome o = run(built, small());
    ASSERT_EQ(o.error, "");
    std::map<std::string, double> sums;
    const auto add = [&](const nlohmann::json& parts) {
      for (const auto& [component, pj] : parts.items()) sums[component] += pj.get<double>();
    };
    for (const auto& n : o.report["nodes"]) {
      double node = 0;
      for (const auto& [component, pj] : n["energy_by_component_pj"].items()) node += pj.get<double>();
      EXPECT_EQ(node, n["energy_pj"].get<double>());
      EXPECT_GT(n["energy_by_component_pj"]["pe"].get<double>(), 0);
      EXPECT_GT(n["energy_by_component_pj"]["controller"].get<double>(), 0);
      add(n["energy_by_component_pj"]);
    }
    EXPECT_EQ(sums, (o.report["energy_by_component_pj"].get<std::map<std::string, double>>()));
    double total = 0;
    for (const auto& [component, pj] : sums) total += pj;
    EXPECT_EQ(total, o.report["energy_pj"].get<double>());
  }
}

// The account again from counts and the table: actions, static power over the run's cycles, the DRAM's own figures.
TEST(Property, EnergyOfTheRunThenIsActionsAndStaticPowerAndDram) {
  const spec::EnergyTable table = spec::EnergyTable::load(HEAT_SOURCE_DIR "/configs/energy/5nm.yaml");
  for (const auto& built : samples()) {
    const Machine machine = small();
    const Outcome o = run(built, machine);
    ASSERT_EQ(o.error, "");
    double pj = 1e6 + 5e5;  // what the test's memory says it took
    for (int a = 0; a < spec::kActionCount; ++a) {
      const auto action = static_cast<spec::Action>(a);
      pj += static_cast<double>(o.count(spec::action_name(action))) * table.pj(action);
    }
    const double ns = static_cast<double>(o.cycles()) / machine.arch.clock_ghz;
    const double pe_mw = table.static_mw(spec::StaticPart::kPe) + table.static_mw(spec::StaticPart::kNocRouter);
    const double chiplet_mw =
        table.static_mw(spec::StaticPart::kGlobalBuffer) + table.static_mw(spec::StaticPart::kVectorUnit) +
        table.static_mw(spec::StaticPart::kNopRouter) + table.static_mw(spec::StaticPart::kController);
    pj += ns * machine.arch.chiplets() * (chiplet_mw + pe_mw * machine.arch.pes());
    EXPECT_NEAR(o.report["energy_pj"].get<double>(), pj, 1e-9 * pj);
  }
}

TEST(Property, DataOnOrOffThenCyclesEnergyAndCountsAreTheSame) {
  for (const auto& built : samples()) {
    Outcome on = run(built, small(true)), off = run(built, small(false));
    ASSERT_EQ(on.error + off.error, "");
    for (auto* r : {&on.report, &off.report})
      for (const char* key : {"data", "output_fnv1a"}) r->erase(key);
    EXPECT_EQ(on.report, off.report);
  }
}

TEST(Property, SameRunTwiceThenSameResult) {
  for (const auto& built : samples()) {
    const Outcome a = run(built, small(true)), b = run(built, small(true));
    EXPECT_EQ(a.report, b.report);
    EXPECT_EQ(a.outputs, b.outputs);
  }
}

TEST(Property, LargerPortOrFasterMemoryThenNeverSlower) {
  for (const auto& built : samples()) {
    std::int64_t last = INT64_MAX;
    for (double port : {2.0, 8.0, 64.0}) {
      Machine m = small();
      m.arch.dram_ports.bytes_per_cycle = port;
      const Outcome o = run(built, m);
      ASSERT_EQ(o.error, "");
      EXPECT_LE(o.cycles(), last) << "port " << port;
      last = o.cycles();
    }
    last = INT64_MAX;
    for (int latency : {400, 100, 10}) {
      Machine m = small();
      m.memory_latency_cycles = latency;
      const Outcome o = run(built, m);
      ASSERT_EQ(o.error, "");
      EXPECT_LE(o.cycles(), last) << "latency " << latency;
      last = o.cycles();
    }
  }
}

TEST(Property, RandomStallsThenCountsAreTheSame) {
  for (const auto& built : samples()) {
    Machine m = small(true);
    m.options.random_stall = 77;
    const Outcome stalled = run(built, m), plain = run(built, small(true));
    ASSERT_EQ(stalled.error + plain.error, "");
    EXPECT_EQ(stalled.report["counts"], plain.report["counts"]);
    EXPECT_EQ(stalled.outputs, plain.outputs);
    EXPECT_GT(stalled.cycles(), plain.cycles());
  }
}

TEST(Property, TileBeyondBuffersThenEveryMisfitIsNamed) {
  BuiltSchedule built = one_gemm(small_arch(), 1, 13, 11, 37);
  Machine m = small();
  m.arch.pe.weight_buffer.capacity = spec::Bytes(2);
  m.arch.pe.input_buffer.capacity = spec::Bytes(2);
  const Outcome o = run(built, m);
  EXPECT_NE(o.error.find("2 problems"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("weight tile"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("input tile"), std::string::npos) << o.error;
}

TEST(Property, SumBeyondTheAccumulatorThenErrorNamesNodeAndBits) {
  Machine m = small(true);
  const BuiltSchedule built = one_gemm(m.arch, 1, 13, 11, 37);
  m.arch.pe.accumulator_bits = 12;
  const Outcome o = run(built, m);
  EXPECT_NE(o.error.find("12 bits"), std::string::npos) << o.error;
  EXPECT_NE(o.error.find("node '" + built.schedule.workload.nodes.front().name + "'"), std::string::npos) << o.error;
}

}  // namespace
}  // namespace heat::simba_test
