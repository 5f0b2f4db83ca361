// Energy against the formulas worked out by hand for ddr4-m1 with its own clock.
#include "sim/dram/energy.h"

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;
using C = spec::DramCommand;

TEST(Energy, CommandsAndStatesFollowTheIddFormulas) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml", {{"cycle_ns: 1.0", "cycle_ns: 0.625"}});
  EnergyMeter meter(spec);
  meter.command(C::kAct, 0);
  meter.command(C::kRd, 0);
  meter.command(C::kRd, 0);
  meter.command(C::kWr, 5);
  meter.command(C::kRefAll, 0);
  meter.state(0, RankPower::kUp, true, 100);
  meter.state(0, RankPower::kPowerDown, true, 300);
  meter.state(0, RankPower::kSelfRefresh, false, 600);
  const EnergyBreakdown e = meter.total(1000);
  const double unit = 1.2 * 8 * 0.625;  // V x devices x ns
  EXPECT_NEAR(e.activate, unit * (57 * 74 - 52 * 52 - 37 * 22), 1e-9);
  EXPECT_NEAR(e.read, 2 * unit * (168 - 52) * 4, 1e-9);
  EXPECT_NEAR(e.write, unit * (150 - 52) * 4, 1e-9);
  EXPECT_NEAR(e.refresh, unit * (250 - 52) * 560, 1e-9);
  EXPECT_NEAR(e.background, unit * (100 * 37 + 200 * 52), 1e-9);
  EXPECT_NEAR(e.power_down, unit * 300 * 43, 1e-9);
  EXPECT_NEAR(e.self_refresh, unit * 400 * 25, 1e-9);
  double banks = 0;
  for (int b = 0; b < 16; ++b) banks += meter.of_bank(b).total();
  EXPECT_NEAR(banks, e.activate + e.read + e.write + e.refresh, 1e-6);
  EXPECT_NEAR(meter.of_bank(5).write, e.write, 1e-9);
  EXPECT_NEAR(meter.of_bank(7).total(), e.refresh / 16, 1e-9);
}

// ACT in cycle 1, WRA tRCD later; its bank is open until CWL + BL + tWR after that: 66 cycles a write on DDR4.
TEST(Energy, BankThatClosesItselfIsActiveUntilItsPrecharge) {
  const auto closed = [](const std::string& file) {
    return spec_of(file, {{"page_policy: open", "page_policy: closed"},
                          {"mode: all_bank", "mode: none"},
                          {"after_idle_cycles: 200, self_refresh_after_idle_cycles: 1000000",
                           "after_idle_cycles: 0, self_refresh_after_idle_cycles: 0"}});
  };
  const spec::DramSpec spec = closed("ddr4-3200.yaml");
  std::string writes, reads;
  for (int i = 0; i < 100; ++i) {
    const std::string line = "0x" + std::to_string(i) + "00000 ";
    writes += line + "WRITE " + std::to_string(1000 * i) + "\n";
    reads += line + "READ " + std::to_string(1000 * i) + "\n";
  }
  writes += "0x0 READ 200000\n";
  reads += "0x0 READ 200000\n";
  const auto w = testing::replay(spec, writes), r = testing::replay(spec, reads);
  ASSERT_EQ(w.result.statistics.count(C::kWrAp), 100u);
  // The last access is a read whose bank is still open when the run ends, in the cycle after its last data.
  EXPECT_EQ(w.result.residency_cycles[0], 100 * (22 + 16 + 4 + 24) + 22 + 22 + 4 + 1);
  // A read's precharge may begin tRTP after it, but not before tRAS is over: 52 against 22 + 12.
  EXPECT_EQ(r.result.residency_cycles[0], 100 * 52 + 22 + 22 + 4 + 1);
  for (const auto* result : {&w.result, &r.result}) {
    Cycle sum = 0;
    for (const Cycle c : result->residency_cycles) sum += c;
    EXPECT_EQ(sum, result->total_cycles);
  }
}

TEST(Energy, TwoBanksThatCloseThemselvesCountOnce) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml",
                                      {{"page_policy: open", "page_policy: closed"}, {"mode: all_bank", "mode: none"}});
  // Banks of two groups: ACT in 1 and 5, WRA in 23 and 27: active from 1 to 27 + 44.
  const auto r = testing::replay(spec, "0x0 WRITE 0\n0x2000 WRITE 0\n0x0 READ 1000\n");
  EXPECT_EQ(r.result.residency_cycles[0], 27 + 44 - 1 + 22 + 22 + 4 + 1);
}

// IDD5AB flows for tRFC, whatever standby the rank is in before and after.
TEST(Energy, RefreshCostsItsCurrentAndNoMore) {
  const std::string trace = "0x0 READ 20000\n";
  const auto with = testing::replay(spec_of("reference/ddr4-m1.yaml"), trace);
  const auto without = testing::replay(spec_of("reference/ddr4-m1.yaml", {{"mode: all_bank", "mode: none"}}), trace);
  ASSERT_EQ(with.result.statistics.count(C::kRefAll), 1u);
  EXPECT_NEAR(with.result.energy.total() - without.result.energy.total(), 1.2 * 8 * 1.0 * (250 - 37) * 560, 1e-6);
  EXPECT_EQ(with.result.residency_cycles[0] - without.result.residency_cycles[0], 560);
}

TEST(Energy, CycleOverrideScalesEverything) {
  const std::string trace = testing::sequential(2000, 3);
  const auto ours = testing::replay(spec_of("reference/ddr4-m1.yaml", {{"cycle_ns: 1.0", "cycle_ns: 0.625"}}), trace);
  const auto dramsim3 = testing::replay(spec_of("reference/ddr4-m1.yaml"), trace);
  EXPECT_NEAR(ours.result.energy.total() / dramsim3.result.energy.total(), 0.625, 1e-12);
}

TEST(Energy, IdleRankCostsLessInPowerDown) {
  const std::string trace = "0x0 READ 0\n0x40 READ 900000\n";
  const auto down = testing::replay(spec_of("ddr4-3200.yaml"), trace);
  const auto up =
      testing::replay(spec_of("ddr4-3200.yaml", {{"after_idle_cycles: 200", "after_idle_cycles: 0"}}), trace);
  EXPECT_LT(down.result.energy.total(), 0.8 * up.result.energy.total());
  EXPECT_EQ(up.result.energy.power_down, 0.0);
}

}  // namespace
}  // namespace heat::dram
