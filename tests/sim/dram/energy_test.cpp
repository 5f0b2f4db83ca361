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
