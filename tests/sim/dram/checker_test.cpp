// The verifier finds every seeded violation: one for each constraint of each table, and one for each rule outside it.
#include "sim/dram/checker.h"

#include "base/errors.h"
#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;
using C = spec::DramCommand;

CommandRecord command(const spec::DramSpec& spec, Cycle t, C c, int bank, std::int64_t row = 0) {
  CommandRecord r;
  r.cycle = t;
  r.command = c;
  r.place.bank = bank;
  r.place.bank_group = bank / spec.organization.banks_per_group;
  r.place.rank = bank / spec.organization.banks_per_rank();
  r.place.row = row;
  return r;
}

// Whether the checker blames `constraint` for the pair at this distance.
bool blamed(const spec::DramSpec& spec, int constraint, Cycle distance) {
  const spec::DramConstraint& c = spec.constraints[static_cast<std::size_t>(constraint)];
  CommandChecker checker(spec, 10000);
  int from = 0;
  while (!(c.from_mask >> from & 1u)) ++from;
  std::int64_t line = 0;
  constexpr Cycle kStart = 1000;
  const int step = c.scope == spec::DramScope::kBank ? 0 : 1;
  for (int i = 0; i < c.window; ++i) checker.add(command(spec, kStart + i, static_cast<C>(from), i * step), ++line);
  const int to_bank = c.scope == spec::DramScope::kOtherRank ? spec.organization.banks_per_rank() : step;
  checker.add(command(spec, kStart + distance, c.to, to_bank), ++line);
  for (const Violation& v : checker.report().violations)
    if (v.constraint == constraint && v.second_line == line && v.first_line == 1) return v.missing == 1;
  return false;
}

class SeededViolations : public ::testing::TestWithParam<const char*> {};

TEST_P(SeededViolations, OnePerConstraintIsFoundAndNoneAtTheLatency) {
  int seeded = 0;
  const std::string file = GetParam();
  for (const bool per_bank : {false, true}) {
    if (per_bank && file.rfind("lpddr", 0) != 0) continue;  // the others give no per-bank timings
    const spec::DramSpec spec = testing::everything(file, per_bank);
    for (int i = 0; i < static_cast<int>(spec.constraints.size()); ++i) {
      const spec::DramConstraint& c = spec.constraints[static_cast<std::size_t>(i)];
      if (c.latency < 1) continue;  // cannot be violated by a later command
      EXPECT_TRUE(blamed(spec, i, c.latency - 1)) << c.text();
      EXPECT_FALSE(blamed(spec, i, c.latency)) << c.text();
      ++seeded;
    }
  }
  EXPECT_GT(seeded, 40);
}

INSTANTIATE_TEST_SUITE_P(Standards, SeededViolations,
                         ::testing::Values("ddr4-3200.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml", "hbm2.yaml"));

std::string rules_broken(const spec::DramSpec& spec, const std::vector<CommandRecord>& commands) {
  CommandChecker checker(spec);
  std::int64_t line = 0;
  for (const CommandRecord& c : commands) checker.add(c, ++line);
  std::string rules;
  for (const Violation& v : checker.report().violations) rules += v.rule + "\n";
  return rules;
}

TEST(CommandChecker, RulesOutsideTheTableAreChecked) {
  const spec::DramSpec spec = spec_of("ddr4-3200.yaml");
  const auto at = [&](Cycle t, C c, int bank, std::int64_t row = 0) { return command(spec, t, c, bank, row); };
  const auto expect = [&](const std::vector<CommandRecord>& commands, const std::string& rule) {
    EXPECT_EQ(rules_broken(spec, commands), rule.empty() ? "" : rule + "\n");
  };
  expect({at(0, C::kAct, 0), at(200, C::kAct, 0)}, "ACT of a bank that is open");
  expect({at(0, C::kRd, 0)}, "column command to a bank that is closed");
  expect({at(0, C::kAct, 0, 1), at(100, C::kRd, 0, 2)}, "column command for another row than the open one");
  expect({at(0, C::kAct, 0), at(200, C::kRefAll, 0)}, "REFAB while a bank is open");
  expect({at(0, C::kAct, 0), at(200, C::kSrEnter, 0)}, "SRE while a bank is open");
  expect({at(0, C::kPdEnter, 0), at(200, C::kAct, 0)}, "rank in power-down");
  expect({at(0, C::kPdExit, 0)}, "PDX outside power-down");
  expect({at(0, C::kSrEnter, 0), at(200, C::kAct, 0)}, "rank in self-refresh");
  expect({at(0, C::kPre, 0), at(0, C::kPre, 4)}, "command bus busy");
  expect({at(12480 * 11, C::kPre, 0)}, "refresh overdue (11 owed)");
  expect({at(0, C::kAct, 0), at(4, C::kAct, 4), at(100, C::kRd, 0), at(104, C::kRd, 4)}, "");
}

TEST(CommandChecker, CommandsThatRunBackwardsAreRefused) {
  const spec::DramSpec spec = spec_of("ddr4-3200.yaml");
  CommandChecker checker(spec);
  checker.add(command(spec, 100, C::kAct, 0), 1);
  checker.add(command(spec, 200, C::kPre, 0), 2);
  try {
    checker.add(command(spec, 199, C::kAct, 4), 3);
    ADD_FAILURE() << "taken";
  } catch (const base::TraceError& e) {
    EXPECT_STREQ(e.what(),
                 "cycle 199 comes after cycle 200 (line 2); expected the commands of a channel in the order of time");
  }
  EXPECT_EQ(checker.report().violation_count, 0);
}

// LPDDR5 with bank groups: a REFPB of bank b takes bank b + 8 too.
TEST(CommandChecker, RefreshOfTwoBanksIsCheckedInBoth) {
  const spec::DramSpec spec = spec_of("lpddr5-6400.yaml");
  const auto at = [&](Cycle t, C c, int bank) { return command(spec, t, c, bank); };
  const auto broken = [&](const std::vector<CommandRecord>& commands) { return rules_broken(spec, commands); };
  EXPECT_EQ(broken({at(0, C::kRefBank, 3), at(112, C::kAct, 11)}), "");
  EXPECT_NE(broken({at(0, C::kRefBank, 3), at(111, C::kAct, 11)}).find("REFPB -> ACT, bank, tRFCpb"),
            std::string::npos);
  EXPECT_EQ(broken({at(0, C::kRefBank, 3), at(111, C::kAct, 12)}), "");
  EXPECT_EQ(broken({at(0, C::kAct, 11), at(100, C::kRefBank, 3)}), "REFPB of a bank that is open\n");
  EXPECT_NE(broken({at(0, C::kAct, 11), at(34, C::kPre, 11), at(48, C::kRefBank, 3)}).find("PRE -> REFPB, bank, tRP"),
            std::string::npos);
  EXPECT_NE(broken({at(0, C::kRefBank, 11)}).find("REFPB names a bank that its first bank stands for"),
            std::string::npos);
}

TEST(CommandChecker, MovingATightCommandOneCycleForwardIsReportedWithBothCommands) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml");
  auto r = testing::replay(spec, testing::sequential(200, 0));
  ASSERT_EQ(r.check.violation_count, 0) << testing::first_violation(r.check);
  int moved = 0;
  for (std::size_t i = 0; i < r.commands.size(); ++i) {
    if (r.commands[i].command != C::kRd || r.commands[i].place.bank != 0 || i < 3) continue;
    auto changed = r.commands;
    --changed[i].cycle;
    CommandChecker checker(spec);
    std::int64_t line = 0;
    for (const CommandRecord& c : changed) checker.add(c, ++line);
    ASSERT_GE(checker.report().violation_count, 1);
    const std::string text = checker.report().violations.front().text();
    EXPECT_NE(text.find("tCCD"), std::string::npos) << text;
    EXPECT_NE(text.find("RD at cycle " + std::to_string(changed[i].cycle)), std::string::npos) << text;
    if (++moved == 5) break;
  }
  EXPECT_EQ(moved, 5);
}

TEST(CommandTrace, LinesThatAreNoCommandAreNamedWithTheirPlace) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml");
  const CommandRecord r = parse_command("12 0 RD 0 2 3 77 5", spec.organization, "f:1");
  EXPECT_EQ(r.place.bank, 11);
  EXPECT_EQ(r.place.row, 77);
  for (const char* bad :
       {"", "12 0 RD 0 2 3 77", "12 0 RD 0 2 3 77 5 9", "x 0 RD 0 2 3 77 5", "12 1 RD 0 2 3 77 5",
        "12 0 READ 0 2 3 77 5", "12 0 RD 0 4 3 77 5", "12 0 RD 0 2 3 65536 5", "-1 0 RD 0 2 3 77 5"}) {
    try {
      parse_command(bad, spec.organization, "f:7");
      ADD_FAILURE() << bad;
    } catch (const base::TraceError& e) {
      EXPECT_EQ(std::string(e.what()).rfind("f:7: ", 0), 0u) << e.what();
    }
  }
}

}  // namespace
}  // namespace heat::dram
