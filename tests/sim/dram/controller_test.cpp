// The engine against closed formulas and against the verifier, in every mode it has.
#include "sim/dram/controller.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::replay;
using testing::spec_of;
using C = spec::DramCommand;

constexpr int kCl = 22, kCwl = 16, kBl = 4, kRcd = 22, kRp = 22, kRas = 52;  // ddr4-m1

std::vector<Completion> run(const spec::DramSpec& spec, const std::vector<std::pair<char, std::uint64_t>>& accesses,
                            Cycle gap = 1) {
  Controller engine(spec);
  const AddressMapping mapping(spec);
  std::uint64_t tag = 0;
  for (const auto& [kind, address] : accesses) {
    engine.enqueue({address / 64, mapping.decode(address).place, kind == 'W', tag}, gap * static_cast<Cycle>(tag));
    ++tag;
  }
  engine.drain();
  std::vector<Completion> done = engine.completions();
  std::sort(done.begin(), done.end(), [](const Completion& a, const Completion& b) { return a.tag < b.tag; });
  return done;
}

constexpr std::uint64_t kRowStride = std::uint64_t{1} << 17;  // next row of the same bank in mapping m1

TEST(Controller, RowMissHitAndConflictTakeTheirFormula) {
  const auto done = run(spec_of("reference/ddr4-m1.yaml"), {{'R', 0}, {'R', 64}, {'R', kRowStride}}, 500);
  EXPECT_EQ(done[0].finish - done[0].arrival, 1 + kRcd + kCl + kBl);
  EXPECT_EQ(done[1].finish - done[1].arrival, 1 + kCl + kBl);
  EXPECT_EQ(done[2].finish - done[2].arrival, 1 + kRp + kRcd + kCl + kBl);
  EXPECT_EQ(done[0].row_result, RowResult::kMiss);
  EXPECT_EQ(done[1].row_result, RowResult::kHit);
  EXPECT_EQ(done[2].row_result, RowResult::kConflict);
}

TEST(Controller, ConflictRightAfterAnActivateWaitsForTras) {
  const auto done = run(spec_of("reference/ddr4-m1.yaml"), {{'R', 0}, {'R', kRowStride}});
  EXPECT_EQ(done[1].issue, done[0].issue - kRcd + kRas + kRp + kRcd);
}

TEST(Controller, RowHitOvertakesAnOlderConflictOfItsBank) {
  const auto done = run(spec_of("reference/ddr4-m1.yaml"), {{'R', 0}, {'R', kRowStride}, {'R', 64}});
  EXPECT_LT(done[2].issue, done[1].issue);
}

TEST(Controller, RowHitCapLetsTheOlderConflictGo) {
  std::vector<std::pair<char, std::uint64_t>> accesses = {{'R', 0}, {'R', kRowStride}};
  for (std::uint64_t i = 1; i < 10; ++i) accesses.push_back({'R', i * 64});
  const auto hits_before_conflict = [&](const std::string& cap) {
    const auto done = run(spec_of("reference/ddr4-m1.yaml", {{"row_hit_cap: 0", "row_hit_cap: " + cap}}), accesses);
    return std::count_if(done.begin(), done.end(), [&](const Completion& c) { return c.issue < done[1].issue; });
  };
  EXPECT_EQ(hits_before_conflict("0"), 10);
  EXPECT_EQ(hits_before_conflict("4"), 4);
  EXPECT_EQ(hits_before_conflict("6"), 6);
}

TEST(Controller, ReadOfAQueuedWriteIsAnsweredFromTheQueue) {
  std::vector<std::pair<char, std::uint64_t>> accesses = {{'R', kRowStride}, {'W', 640}, {'R', 640}};
  const auto done = run(spec_of("reference/ddr4-m1.yaml"), accesses);
  EXPECT_EQ(done[2].row_result, RowResult::kQueue);
  EXPECT_EQ(done[2].finish - done[2].arrival, 1);
  const auto without =
      run(spec_of("reference/ddr4-m1.yaml", {{"row_hit_cap: 0", "row_hit_cap: 0\n  forward_reads: false"}}), accesses);
  EXPECT_NE(without[2].row_result, RowResult::kQueue);
}

TEST(Controller, WriteNeverOvertakesAnOlderReadOfItsAddress) {
  testing::Random random(3);
  std::vector<std::pair<char, std::uint64_t>> accesses;
  for (int i = 0; i < 3000; ++i)
    accesses.push_back({random.below(2) ? 'W' : 'R', random.below(64) * 64 + random.below(3) * kRowStride});
  for (const char* merge : {"true", "false"}) {
    const auto done = run(spec_of("reference/ddr4-m1.yaml",
                                  {{"row_hit_cap: 0", std::string("row_hit_cap: 0\n  merge_writes: ") + merge}}),
                          accesses);
    ASSERT_EQ(done.size(), accesses.size());
    std::map<std::uint64_t, Cycle> last_read;
    int pairs = 0;
    for (std::size_t i = 0; i < accesses.size(); ++i) {
      const auto& [kind, address] = accesses[i];
      if (kind == 'R')
        last_read[address] = std::max(last_read[address], done[i].issue);
      else if (last_read.count(address) && done[i].row_result != RowResult::kQueue) {
        EXPECT_GT(done[i].issue, last_read[address]) << i;
        ++pairs;
      }
    }
    EXPECT_GT(pairs, 100);
  }
}

TEST(Controller, WritesAreDrainedBetweenTheWatermarks) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml");
  const auto r = replay(spec, testing::sequential(20000, 3));
  int batches = 0, writes = 0;
  bool writing = false;
  for (const CommandRecord& c : r.commands) {
    if (!spec::is_column(c.command)) continue;
    batches += spec::is_write(c.command) && !writing;
    writing = spec::is_write(c.command);
    writes += writing;
  }
  EXPECT_EQ(writes, 6666);
  // A batch drains from 26 queued writes to 6, and takes those in that arrive meanwhile.
  EXPECT_GE(writes, 20 * (batches - 1));
  EXPECT_EQ(static_cast<int>(r.result.statistics.turnarounds), 2 * batches - 1);
}

TEST(Controller, RefreshComesEveryInterval) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml");
  const auto r = replay(spec, testing::sequential(100000, 0));
  EXPECT_EQ(static_cast<Cycle>(r.result.statistics.count(C::kRefAll)), r.result.total_cycles / 12480);
  Cycle worst = 0;
  int n = 0;
  for (const CommandRecord& c : r.commands)
    if (c.command == C::kRefAll) worst = std::max(worst, c.cycle - 12480 * ++n);
  // Late by no more than the open rows need to close: tRAS or write recovery, then tRP.
  EXPECT_LE(worst, kRas + kCwl + kBl + 24 + kRp);
}

// JESD209-5: eight REFpb of two banks each every tREFI.
TEST(Controller, LpDdr5RefreshesTwoBanksAtATimeAndEachOnceARound) {
  const spec::DramSpec spec =
      spec_of("lpddr5-6400.yaml", {{"after_idle_cycles: 200", "after_idle_cycles: 0"},
                                   {"self_refresh_after_idle_cycles: 1000000", "self_refresh_after_idle_cycles: 0"}});
  const auto r = replay(spec, testing::sequential(60000, 3));
  EXPECT_EQ(r.check.violation_count, 0) << testing::first_violation(r.check);
  std::vector<int> counts(8, 0);
  for (const CommandRecord& c : r.commands) {
    if (c.command != C::kRefBank) continue;
    ASSERT_LT(c.place.bank, 8);
    ++counts[static_cast<std::size_t>(c.place.bank)];
    EXPECT_LE(*std::max_element(counts.begin(), counts.end()) - *std::min_element(counts.begin(), counts.end()), 1);
  }
  const std::int64_t rounds = r.result.total_cycles / 3125;
  ASSERT_GT(rounds, 30);
  for (const int n : counts) {
    EXPECT_GE(n, rounds - 9);
    EXPECT_LE(n, rounds + 1);
  }
}

// A row command that is ready in the cycle whose column command makes room goes in that cycle when it has a bus of its
// own: reads of one bank in one row each follow one another at tRC.
TEST(Controller, SplitCommandBusLosesNoCycleWhenAFullQueueTakesTheNext) {
  const spec::DramSpec spec =
      spec_of("reference/hbm2-m2.yaml", {{"mode: all_bank", "mode: none"}, {"read_queue: 32", "read_queue: 4"}});
  std::string trace;
  for (int i = 0; i < 200; ++i) trace += "R 0,0,0,0," + std::to_string(i) + ",0\n";
  const auto r = replay(spec, trace);
  Cycle last = -1;
  int activations = 0;
  for (const CommandRecord& c : r.commands) {
    if (c.command != C::kAct) continue;
    if (last >= 0) {
      EXPECT_EQ(c.cycle - last, 48);
    }
    ++activations;
    last = c.cycle;
  }
  EXPECT_EQ(activations, 200);
}

TEST(Controller, PostponedRefreshesArePaidBackInPauses) {
  const std::string trace = testing::sequential(60000, 0) + "R 0x0\n";
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml", {{"max_postponed: 0", "max_postponed: 8"}});
  const auto r = replay(spec, trace);
  EXPECT_EQ(r.check.violation_count, 0) << testing::first_violation(r.check);
  const std::int64_t due = r.result.total_cycles / 12480;
  EXPECT_EQ(static_cast<std::int64_t>(r.result.statistics.count(C::kRefAll)), due - 8);
}

// Every mode: random traffic with pauses, all commands verified, nothing lost.
struct Mode {
  const char* file;
  const char* name;
  std::vector<std::pair<std::string, std::string>> changes;
};

class EveryMode : public ::testing::TestWithParam<int> {};

std::vector<Mode> modes() {
  std::vector<Mode> list;
  for (const char* file : {"ddr4-3200.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml"})
    for (const char* page : {"open", "closed", "adaptive"}) {
      list.push_back({file, page, {{"page_policy: open", std::string("page_policy: ") + page}}});
      list.push_back({file,
                      page,
                      {{"page_policy: open", std::string("page_policy: ") + page},
                       {"row_hit_cap: 0", "row_hit_cap: 3"},
                       {"self_refresh_after_idle_cycles: 1000000", "self_refresh_after_idle_cycles: 3000"}}});
    }
  return list;
}

TEST_P(EveryMode, RandomTrafficBreaksNoConstraintAndLosesNothing) {
  const Mode mode = modes()[static_cast<std::size_t>(GetParam())];
  auto changes = mode.changes;
  const std::string file = mode.file;
  const std::string rank_bit = file == "lpddr4-3200.yaml" ? "31" : file == "lpddr5-6400.yaml" ? "32" : "33";
  changes.push_back({"ranks: 1", "ranks: 2"});
  changes.push_back({"row: [", "rank: [" + rank_bit + "]\n  row: ["});
  for (const char* refresh : {"all_bank", "per_bank"}) {
    if (file == "ddr4-3200.yaml" && std::string(refresh) == "per_bank") continue;
    auto now = changes;
    now.push_back({file == "ddr4-3200.yaml" ? "mode: all_bank" : "mode: per_bank", std::string("mode: ") + refresh});
    if (file == "lpddr5-6400.yaml" && std::string(refresh) == "all_bank") now.push_back({"banks: 2, ", ""});
    const spec::DramSpec spec = spec_of(file, now);
    testing::Random random(11);
    std::string trace;
    Cycle at = 0;
    char line[80];
    for (int i = 0; i < 6000; ++i) {
      // Bursts of hits, conflicts and other ranks; now and then a pause long enough for each power state.
      at += random.below(60) == 0 ? static_cast<Cycle>(random.below(9000)) : static_cast<Cycle>(random.below(3));
      const std::uint64_t address =
          random.below(1 << 9) * 64 + random.below(6) * (std::uint64_t{1} << 20) +
          (random.below(3) == 0 ? static_cast<std::uint64_t>(spec.organization.capacity_bytes()) / 2 : 0);
      std::snprintf(line, sizeof line, "0x%llx %s %lld\n", static_cast<unsigned long long>(address),
                    random.below(3) == 0 ? "WRITE" : "READ", static_cast<long long>(at));
      trace += line;
    }
    const auto r = replay(spec, trace);
    const ChannelStatistics& s = r.result.statistics;
    EXPECT_EQ(r.check.violation_count, 0)
        << file << " " << mode.name << " " << refresh << ": " << testing::first_violation(r.check);
    EXPECT_EQ(r.result.requests, 6000u);
    EXPECT_EQ(s.read_commands() + s.forwarded_reads, s.reads);
    EXPECT_EQ(s.write_commands() + s.merged_writes, s.writes);
    EXPECT_EQ(s.row_hits + s.row_misses + s.row_conflicts, s.read_commands() + s.write_commands());
    EXPECT_GT(s.count(C::kPdEnter), 10u);
    EXPECT_GT(s.refreshes(), 10u);
    EXPECT_EQ(s.count(C::kRdAp) > 0, std::string(mode.name) == "closed");
  }
}

INSTANTIATE_TEST_SUITE_P(Configurations, EveryMode, ::testing::Range(0, 18));

TEST(Controller, IdleTimeCostsPowerDownAndSelfRefresh) {
  const spec::DramSpec spec = spec_of("ddr4-3200.yaml");
  const auto r = replay(spec, "0x0 READ 0\n0x40 READ 5000000\n");
  const auto& cycles = r.result.residency_cycles;
  EXPECT_EQ(cycles[0] + cycles[1] + cycles[2] + cycles[3] + cycles[4], r.result.total_cycles);
  EXPECT_GT(cycles[4], 3900000);
  EXPECT_GT(cycles[2] + cycles[3], 900000);
  EXPECT_EQ(r.result.statistics.count(C::kSrEnter), 1u);
  EXPECT_EQ(r.check.violation_count, 0) << testing::first_violation(r.check);
}

TEST(Controller, SameTraceSameCommands) {
  const spec::DramSpec spec = spec_of("lpddr5-6400.yaml");
  const auto a = replay(spec, testing::sequential(5000, 4)), b = replay(spec, testing::sequential(5000, 4));
  ASSERT_EQ(a.commands.size(), b.commands.size());
  for (std::size_t i = 0; i < a.commands.size(); ++i) ASSERT_EQ(a.commands[i].cycle, b.commands[i].cycle);
}

TEST(Controller, AdvancingCycleByCycleEqualsJumping) {
  const spec::DramSpec spec = spec_of("lpddr4-3200.yaml", {{"page_policy: open", "page_policy: adaptive"}});
  const AddressMapping mapping(spec);
  Controller jumping(spec), stepping(spec);
  testing::Recorder a, b;
  jumping.set_command_sink(&a);
  stepping.set_command_sink(&b);
  testing::Random random(5);
  Cycle at = 0;
  for (int i = 0; i < 2000; ++i) {
    at += random.below(40) == 0 ? 700 : static_cast<Cycle>(random.below(9));
    const std::uint64_t address = random.below(1 << 14) * 64;
    const Access access{address / 64, mapping.decode(address).place, random.below(4) == 0, 0};
    jumping.enqueue(access, at);
    stepping.enqueue(access, at);
  }
  for (Cycle t = 0; t <= at + 20000; ++t) stepping.advance_to(t);
  jumping.advance_to(at + 20000);
  ASSERT_EQ(a.records.size(), b.records.size());
  ASSERT_GT(a.records.size(), 2000u);
  for (std::size_t i = 0; i < a.records.size(); ++i) {
    ASSERT_EQ(a.records[i].cycle, b.records[i].cycle) << i;
    ASSERT_EQ(a.records[i].command, b.records[i].command) << i;
  }
}

}  // namespace
}  // namespace heat::dram
