// One GEMM that is a single tile and a single wave on one PE: its time is a chain of closed forms, checked to the cycle
// on both sides of each rounding edge.
#include <gtest/gtest.h>

#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using test_support::BuiltSchedule;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

struct Sizes {
  std::int64_t M, N, K;
};

BuiltSchedule one_tile(const spec::ArchSpec& arch, const Sizes& s) {
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = map.pe_tile = {1, s.M, s.N, s.K};
  o.mapping = map;
  o.step = s.N;
  return test_support::one_gemm(arch, 1, s.M, s.N, s.K, o);
}

// The last LOAD, SEND, COMPUTE, DRAIN, STORE one behind the other on small_arch's figures: link 16 and global buffer 32
// bytes a cycle, memory latency 20, command 8, set-up 20, NoP base 3, NoC base 1, blocks of 64 bytes.
std::int64_t expected_cycles(const Sizes& s) {
  const auto load_end = [](std::int64_t submit, std::int64_t bytes) {
    const std::int64_t block = ceil_div(bytes, 64) * 64;
    return submit + 3 + 20 + 3 + ceil_div(block, 16) - 1;
  };
  // Three loads are issued set-up after set-up, the first when its command (cycle 8) is there.
  const std::int64_t submit_weight = 8 + 20 + 20, submit_input = submit_weight + 20;
  std::int64_t weight_there = load_end(submit_weight, s.M * s.K);
  weight_there = std::max(weight_there, load_end(8 + 20, 4 * s.M));  // commands complete in order
  const std::int64_t input_there = std::max(weight_there, load_end(submit_input, s.N * s.K));
  const std::int64_t weight_sent = weight_there + 1 + ceil_div(s.M * s.K, 16) - 1;
  const std::int64_t input_sent = input_there + 1 + ceil_div(s.N * s.K, 16) - 1;
  const std::int64_t computed = std::max(weight_sent, input_sent) + ceil_div(s.M, 4) * s.N * ceil_div(s.K, 4) + 4;
  const std::int64_t out = s.M * s.N;  // the records come while it computes
  const std::int64_t drained = computed + 1 + std::max(ceil_div(out, 16), ceil_div(out, 4)) - 1;
  const std::int64_t stored = drained + 20 + 3 + ceil_div(ceil_div(out, 64) * 64, 16) - 1 + 20 + 3;
  return stored;
}

Machine single_pe() {
  Machine m;
  m.arch = test_support::single_pe_arch();
  return m;
}

TEST(Timing, SingleTileThenCyclesAreTheSumOfTheClosedForms) {
  for (const Sizes& s : {Sizes{4, 4, 8}, Sizes{5, 4, 8}, Sizes{4, 5, 8}, Sizes{4, 4, 9}, Sizes{8, 4, 8}, Sizes{9, 3, 7},
                         Sizes{1, 1, 1}, Sizes{4, 2, 16}, Sizes{4, 2, 17}}) {
    const Outcome o = run(one_tile(single_pe().arch, s), single_pe());
    ASSERT_EQ(o.error, "");
    EXPECT_EQ(o.cycles(), expected_cycles(s)) << "M " << s.M << " N " << s.N << " K " << s.K;
  }
}

TEST(Timing, SingleTileThenCountsFollowTheRules) {
  const Sizes s{5, 3, 9};
  const Outcome o = run(one_tile(single_pe().arch, s), single_pe());
  ASSERT_EQ(o.error, "");
  EXPECT_EQ(o.count("mac"), 5 * 3 * 9);
  EXPECT_EQ(o.count("weight_buffer_write"), 5 * 9);
  EXPECT_EQ(o.count("weight_buffer_read"), 5 * 9);
  EXPECT_EQ(o.count("input_buffer_write"), 3 * 9);
  EXPECT_EQ(o.count("input_buffer_read"), 2 * 3 * 9);      // ceil(5 / 4) lane groups
  EXPECT_EQ(o.count("accumulator_write"), 5 * 3 * 3);      // ceil(9 / 4) vectors
  EXPECT_EQ(o.count("accumulator_read"), 5 * 3 * 2 + 15);  // all but the first, and the drain
  EXPECT_EQ(o.count("ppu_element"), 15);
  EXPECT_EQ(o.count("noc_byte_hop"), 0);                     // PE 0 shares the global buffer's router
  EXPECT_EQ(o.count("nop_byte_hop"), 0);                     // the DRAM is attached to this chiplet's router
  EXPECT_EQ(o.count("dram_interface_byte"), 64 * 4);         // three loads, one store
  EXPECT_EQ(o.count("controller_command"), 8);               // 3 loads, 2 sends, compute, drain, store
  EXPECT_EQ(o.count("global_buffer_write"), 2 + 3 + 2 + 1);  // 20, 45, 27 bytes loaded, 15 drained, 16 a word
  EXPECT_EQ(o.count("global_buffer_read"), 3 + 2 + 2 + 1);   // 45 and 27 bytes sent, 20 of records, 15 stored
}

TEST(Timing, FullQueueThenControllerWaits) {
  Machine m = single_pe();
  m.memory_latency_cycles = 5000;
  const BuiltSchedule built = test_support::one_gemm(m.arch, 1, 40, 30, 40);
  const Outcome o = run(built, m);
  ASSERT_EQ(o.error, "");
  EXPECT_GT(o.report["nodes"][0]["stalls"].value("controller_waits_queue_full_cycles", 0), 0);
  EXPECT_GT(o.report["nodes"][0]["stalls"].value("send_weight_waits_load_cycles", 0), 4000);
}

}  // namespace
}  // namespace heat::simba_test
