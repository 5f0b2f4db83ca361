// How long an access may wait: the bound of every shipped configuration, and what the longest wait is laid to.
#include <algorithm>

#include "tests/sim/dram/dram_testing.h"

namespace heat::dram {
namespace {

using testing::spec_of;

// One access to every (bank, row, column) that a test names, on a configuration of any mapping.
class Driver {
 public:
  explicit Driver(const spec::DramSpec& spec) : engine(spec), mapping_(spec) {}
  void offer(bool write, std::int64_t row, std::int64_t column, int bank = 0, Cycle not_before = 0) {
    AddressMapping::Target t;
    t.place.bank = bank;
    t.place.row = row;
    t.place.column = column;
    engine.offer({mapping_.encode(t) >> mapping_.offset_bits(), t.place, write, tag_++}, not_before);
  }
  Controller engine;

 private:
  AddressMapping mapping_;
  std::uint64_t tag_ = 0;
};

const char* const kConfigs[] = {"ddr4-3200.yaml", "hbm2.yaml", "lpddr4-3200.yaml", "lpddr5-6400.yaml"};

// What a due access can still lack: the other direction's batch and its own queue in front of it at a row cycle each,
// all in one bank, and a refresh.
Cycle slack(const spec::DramSpec& spec) {
  const Cycle accesses = spec.controller.read_queue + spec.controller.write_queue;
  return accesses * (spec.timing("tRC") + spec.write_latency() + spec.timing("tWR")) + 2 * spec.timing("tRFC");
}

TEST(Waiting, RowHitsMayNotHoldAConflictBackForEver) {
  for (const char* file : kConfigs) {
    const spec::DramSpec spec = spec_of(file);
    Driver d(spec);
    for (int i = 0; i < 20001; ++i) d.offer(false, i == 100 ? 1 : 0, i % 32);
    d.engine.drain();
    const Wait& w = d.engine.statistics().longest_wait;
    const Cycle bound = spec.controller.max_wait_cycles;
    ASSERT_GT(bound, 0) << file;
    EXPECT_EQ(w.place.row, 1) << file;
    EXPECT_GE(w.cycles, bound) << file;
    // From the bound on: the row in service is closed, the other opened, perhaps after a refresh.
    EXPECT_LE(w.cycles, bound + 2 * spec.timing("tRC") + spec.timing("tRFC")) << file;
    EXPECT_STREQ(w.cause().name, "bank") << file;
    Cycle sum = 0;
    for (const Cycle cycles : w.by_cause) sum += cycles;
    EXPECT_EQ(sum, w.cycles) << file;
  }
}

TEST(Waiting, WithoutABoundItIsTheTrafficThatDecides) {
  const spec::DramSpec spec = spec_of("ddr4-3200.yaml", {{"max_wait_cycles: 2000", "max_wait_cycles: 0"}});
  Driver d(spec);
  for (int i = 0; i < 20001; ++i) d.offer(false, i == 100 ? 1 : 0, i % 32);
  d.engine.drain();
  EXPECT_GT(d.engine.statistics().longest_wait.cycles, 100000);
}

TEST(Waiting, NeitherDirectionMayKeepTheBusForEver) {
  for (const char* file : kConfigs)
    for (const bool stream_writes : {true, false}) {
      const spec::DramSpec spec =
          spec_of(file, {{"row_hit_cap: 0", "row_hit_cap: 0\n  merge_writes: false\n  forward_reads: false"}});
      Driver d(spec);
      for (int i = 0; i < 60000; ++i) {
        if (i == 100) d.offer(!stream_writes, 5, 3, 1);
        d.offer(stream_writes, i / 64 % 512, i % 32, 0);
      }
      d.engine.drain();
      const Wait& w = d.engine.statistics().longest_wait;
      EXPECT_LE(w.cycles, spec.controller.max_wait_cycles + slack(spec)) << file << " " << stream_writes;
      const auto& done = d.engine.completions();
      const auto lone = std::find_if(done.begin(), done.end(), [&](const Completion& c) { return c.tag == 100; });
      ASSERT_NE(lone, done.end());
      EXPECT_LE(lone->issue - lone->arrival,
                spec.controller.max_wait_cycles + 2 * spec.timing("tRC") + spec.timing("tRFC"))
          << file << " " << stream_writes;
    }
}

TEST(Waiting, RandomTrafficKeepsTheBound) {
  for (const char* file : kConfigs)
    for (const int write_every : {2, 3, 10}) {
      const spec::DramSpec spec = spec_of(file);
      Driver d(spec);
      testing::Random random(write_every);
      for (int i = 0; i < 30000; ++i)
        d.offer(random.below(static_cast<std::uint64_t>(write_every)) == 0,
                static_cast<std::int64_t>(random.below(3) == 0 ? random.below(4) : 0),
                static_cast<std::int64_t>(random.below(32)), static_cast<int>(random.below(2)));
      d.engine.drain();
      EXPECT_LE(d.engine.statistics().longest_wait.cycles, spec.controller.max_wait_cycles + slack(spec))
          << file << " " << write_every;
    }
}

TEST(Waiting, CausesAreTold) {
  const spec::DramSpec spec = spec_of("reference/ddr4-m1.yaml");
  {
    Driver d(spec);  // accepted in the middle of a refresh: tRFC 560 from cycle 12480 on
    d.offer(false, 0, 0, 0, 12500);
    d.engine.drain();
    const Wait& w = d.engine.statistics().longest_wait;
    EXPECT_STREQ(w.cause().name, "refresh");
    EXPECT_EQ(w.by_cause[0], 12480 + 560 - 12500);
    EXPECT_EQ(w.by_cause[3], 22);  // tRCD
  }
  {
    Driver d(spec);  // reads have the bus until the write is due
    d.offer(false, 0, 0);
    d.offer(true, 0, 60, 4);
    for (int i = 0; i < 1000; ++i) d.offer(false, 0, i % 32);
    d.engine.drain();
    const Wait& w = d.engine.statistics().longest_wait;
    EXPECT_TRUE(w.write);
    EXPECT_GE(w.cycles, spec.controller.max_wait_cycles);
    EXPECT_STREQ(w.cause().name, "other_direction");
  }
}

}  // namespace
}  // namespace heat::dram
