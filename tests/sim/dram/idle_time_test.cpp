// Long pauses: skipped in closed form without a sink for commands, stepped through with one; both must be the same run.
#include <chrono>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;
using C = spec::DramCommand;
using Changes = std::vector<std::pair<std::string, std::string>>;

std::string with_pauses(const spec::DramSpec& spec, std::uint64_t seed, int pauses) {
  testing::Random random(seed);
  const auto interval = static_cast<std::uint64_t>(std::max(spec.timing("tREFI"), spec.timing("tREFIpb")));
  std::string trace;
  Cycle at = 0;
  for (int p = 0; p < pauses; ++p) {
    const int accesses = 1 + static_cast<int>(random.below(40));
    for (int i = 0; i < accesses; ++i) {
      char line[80];
      const std::uint64_t address =
          random.below(1 << 12) * 64 +
          random.below(2) * static_cast<std::uint64_t>(spec.organization.capacity_bytes()) / 2;
      std::snprintf(line, sizeof line, "0x%llx %s %lld\n", static_cast<unsigned long long>(address),
                    random.below(3) == 0 ? "WRITE" : "READ", static_cast<long long>(at));
      trace += line;
      at += static_cast<Cycle>(random.below(30));
    }
    at += static_cast<Cycle>(random.below(3) == 0 ? random.below(3 * interval) : random.below(120 * interval));
  }
  return trace;
}

ReplayResult without_sink(const spec::DramSpec& spec, const std::string& trace) {
  TraceReader reader(memory_byte_source(trace.data(), trace.size()), "trace");
  return Replay(spec).run(reader, {});
}

void expect_same(const spec::DramSpec& spec, const std::string& what) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const std::string trace = with_pauses(spec, seed, 25);
    const auto stepped = testing::replay(spec, trace);
    const ReplayResult skipped = without_sink(spec, trace);
    EXPECT_EQ(stepped.check.violation_count, 0) << what << ": " << testing::first_violation(stepped.check);
    const ReplayResult& r = stepped.result;
    EXPECT_EQ(skipped.total_cycles, r.total_cycles) << what;
    EXPECT_EQ(skipped.statistics.commands, r.statistics.commands) << what;
    EXPECT_EQ(skipped.statistics.refresh_cycles, r.statistics.refresh_cycles) << what;
    EXPECT_EQ(skipped.statistics.read_latency_sum_cycles, r.statistics.read_latency_sum_cycles) << what;
    EXPECT_EQ(skipped.statistics.longest_wait.cycles, r.statistics.longest_wait.cycles) << what;
    EXPECT_EQ(skipped.statistics.longest_wait.by_cause, r.statistics.longest_wait.by_cause) << what;
    EXPECT_EQ(skipped.residency_cycles, r.residency_cycles) << what;
    EXPECT_EQ(skipped.energy.total(), r.energy.total()) << what;
    EXPECT_GT(r.statistics.refreshes(), 100u) << what;
  }
}

TEST(IdleTime, SkippingEqualsSteppingInEveryState) {
  for (const char* file : {"ddr4-3200.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml"})
    for (const char* page : {"open", "closed", "adaptive"})
      for (const char* power : {"after_idle_cycles: 200, self_refresh_after_idle_cycles: 0",
                                "after_idle_cycles: 0, self_refresh_after_idle_cycles: 0",
                                "after_idle_cycles: 0, self_refresh_after_idle_cycles: 90000",
                                "after_idle_cycles: 200, self_refresh_after_idle_cycles: 90000",
                                "after_idle_cycles: 50000, self_refresh_after_idle_cycles: 300000"})
        for (const bool two_ranks : {false, true}) {
          const std::string name = file;
          Changes changes = {{"page_policy: open", std::string("page_policy: ") + page},
                             {"after_idle_cycles: 200, self_refresh_after_idle_cycles: 1000000", power}};
          if (two_ranks) {
            const std::string bit = name == "lpddr4-3200.yaml" ? "31" : name == "lpddr5-6400.yaml" ? "32" : "33";
            changes.push_back({"ranks: 1", "ranks: 2"});
            changes.push_back({"row: [", "rank: [" + bit + "]\n  row: ["});
          }
          expect_same(spec_of(file, changes), name + ", " + page + ", " + power + (two_ranks ? ", two ranks" : ""));
        }
}

TEST(IdleTime, AllBankRefreshOfAPerBankDeviceAndNoPostponing) {
  expect_same(spec_of("lpddr5-6400.yaml", {{"mode: per_bank, banks: 2", "mode: all_bank"}}), "all-bank");
  expect_same(spec_of("lpddr5-6400.yaml",
                      {{"mode: per_bank, banks: 2", "mode: per_bank, banks: 4"}, {"tREFIpb: 390", "tREFIpb: 780"}}),
              "four banks at a time");
  expect_same(spec_of("reference/hbm2-m2.yaml"), "hbm2, no postponing");
}

TEST(IdleTime, RefreshesOfAnHourAreCountedAtOnce) {
  const spec::DramSpec spec = spec_of("hbm2.yaml");
  const auto start = std::chrono::steady_clock::now();
  const ReplayResult r = without_sink(spec, "0x40 READ 0\n0x80 READ 3600000000000\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  // Every channel refreshes once a tREFI; the last one falls due before the end or not.
  const auto due = static_cast<std::uint64_t>(r.total_cycles / spec.timing("tREFI")) * 8;
  EXPECT_LE(r.statistics.count(C::kRefAll), due);
  EXPECT_GE(r.statistics.count(C::kRefAll) + 8, due);
  Cycle rank_cycles = 0;
  for (const Cycle c : r.residency_cycles) rank_cycles += c;
  EXPECT_EQ(rank_cycles, 8 * r.total_cycles);
}

}  // namespace
}  // namespace heat::dram
