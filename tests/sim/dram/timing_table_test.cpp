// Both edges of every row of every constraint table, against the row itself.
#include "sim/dram/timing_table.h"

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;

int bank_in_scope(const spec::DramSpec& spec, spec::DramScope scope, int bank, bool inside) {
  const spec::DramOrganization& o = spec.organization;
  switch (scope) {
    case spec::DramScope::kBank:
      return inside ? bank : bank + 1;
    case spec::DramScope::kBankGroup:
      return inside ? bank + 1 : bank + o.banks_per_group;
    case spec::DramScope::kRank:
      return inside ? bank + 1 : bank + o.banks_per_rank();
    case spec::DramScope::kOtherRank:
      return inside ? bank + o.banks_per_rank() : bank + 1;
    case spec::DramScope::kChannel:
      break;
  }
  return inside ? bank + 1 : -1;
}

Cycle earliest(const TimingTable& table, const spec::DramSpec& spec, spec::DramCommand command, int bank) {
  return spec::is_rank_command(command) ? table.earliest_of_rank(command, bank / spec.organization.banks_per_rank())
                                        : table.earliest(command, bank);
}

class EveryConstraint : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryConstraint, BlocksOneCycleBeforeAndAllowsAtItsLatency) {
  const std::string file = GetParam();
  spec::DramSpec spec = testing::everything(file, file.rfind("lpddr", 0) == 0);
  int rows = 0;
  const std::vector<spec::DramConstraint> all = spec.constraints;
  for (const spec::DramConstraint& c : all) {
    spec.constraints = {c};
    TimingTable table(spec);
    int from = 0;
    while (!(c.from_mask >> from & 1u)) ++from;
    constexpr Cycle kStart = 1000;
    for (int i = 0; i < c.window; ++i) table.issue(static_cast<spec::DramCommand>(from), 0, kStart + i * 3);
    const int inside = bank_in_scope(spec, c.scope, 0, true);
    // Legal from kStart + latency on, so blocked in the cycle before.
    EXPECT_EQ(earliest(table, spec, c.to, inside), std::max<Cycle>(0, kStart + c.latency)) << c.text();
    const int outside = bank_in_scope(spec, c.scope, 0, false);
    if (outside >= 0 && !(spec::is_rank_command(c.to) && outside < spec.organization.banks_per_rank())) {
      EXPECT_EQ(earliest(table, spec, c.to, outside), 0) << c.text();
    }
    ++rows;
  }
  EXPECT_GT(rows, 30);
}

INSTANTIATE_TEST_SUITE_P(Standards, EveryConstraint,
                         ::testing::Values("ddr4-3200.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml", "hbm2.yaml"));

TEST(TimingTable, FourActivateWindowCountsTheFourthLastActivate) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml");
  TimingTable table(spec);
  for (int i = 0; i < 4; ++i) table.issue(spec::DramCommand::kAct, i * 4, i * 4);  // four bank groups, tRRD_S apart
  EXPECT_EQ(table.earliest(spec::DramCommand::kAct, 1), 34);
  table.issue(spec::DramCommand::kAct, 1, 34);
  EXPECT_EQ(table.earliest(spec::DramCommand::kAct, 5), 38);  // second ACT at 4, + 34
}

}  // namespace
}  // namespace heat::dram
