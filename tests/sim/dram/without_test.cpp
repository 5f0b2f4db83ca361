// A DRAM without a cost has none of it.
#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using C = spec::DramCommand;

std::string random_trace(int requests) {
  testing::Random random(4);
  std::string trace;
  char line[40];
  for (int i = 0; i < requests; ++i) {
    std::snprintf(line, sizeof line, "%c 0x%llx\n", random.below(3) == 0 ? 'W' : 'R',
                  static_cast<unsigned long long>(random.below(1 << 20) * 64));
    trace += line;
  }
  return trace;
}

TEST(Without, EachCostIsGone) {
  const spec::DramSpec spec = testing::spec_of("reference/hbm2-m1.yaml");
  const std::string trace = random_trace(20000);
  const auto with = testing::replay(spec, trace).result;
  const auto rows = testing::replay(spec::without(spec, spec::DramCost::kRows), trace).result;
  const auto refresh = testing::replay(spec::without(spec, spec::DramCost::kRefresh), trace).result;
  const auto free = testing::replay(spec::without(spec, spec::DramCost::kAll), trace).result;
  EXPECT_GT(with.statistics.row_conflicts, 10000u);
  EXPECT_EQ(rows.statistics.row_conflicts, 0u);
  // One ACT a bank, and again after every refresh.
  EXPECT_LE(rows.statistics.activations(), 16 * (rows.statistics.refreshes() + 1));
  EXPECT_LT(rows.total_cycles, with.total_cycles / 2);
  EXPECT_EQ(refresh.statistics.refreshes(), 0u);
  EXPECT_LT(refresh.total_cycles, with.total_cycles);
  EXPECT_EQ(free.statistics.read_latency_max_cycles, 1);
  EXPECT_EQ(free.total_cycles, 20001);  // one request a cycle
}

// Reads and writes in turn, row hits in two bank groups: what is left of a change is the bus and waiting for writes to drain.
TEST(Without, TurnaroundLeavesTheBus) {
  const spec::DramSpec spec =
      testing::spec_of("reference/ddr4-m2.yaml", {{"mode: all_bank", "mode: none"},
                                                  {"write_high_watermark: 26", "write_high_watermark: 2"},
                                                  {"write_low_watermark: 6", "write_low_watermark: 1"}});
  std::string trace;
  for (int i = 0; i < 4000; ++i) trace += (i % 2 ? "W 0,0,1,0,0," : "R 0,0,0,0,0,") + std::to_string(i % 128) + "\n";
  const auto with = testing::replay(spec, trace).result;
  const auto without = testing::replay(spec::without(spec, spec::DramCost::kTurnaround), trace).result;
  EXPECT_LT(without.total_cycles, with.total_cycles);
  EXPECT_LT(without.statistics.turnaround_cycles, with.statistics.turnaround_cycles);
}

}  // namespace
}  // namespace heat::dram
