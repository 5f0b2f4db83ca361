// More of anything makes a run faster, with a memory of fixed latency: random schedules, each on two machines that differ
// in one resource. Ports and links serve whoever asks first, so that an answer that comes sooner can let a long transfer
// pass in front of a short one that others wait for (docs/simulator.md, "What is not monotone"): such losses are bounded.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using namespace test_support;
using Rng = std::mt19937_64;

std::int64_t between(Rng& rng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(high - low + 1));
}

// Made of whole numbers, since the machine's cycles are.
double more(Rng& rng, double value) {
  return std::ceil(value * (1 + static_cast<double>(between(rng, 1, 300)) / 100));
}
int less(Rng& rng, int value) {
  return static_cast<int>(between(rng, 0, std::max(0, value - 1)));
}

struct Resource {
  const char* name;
  void (*improve)(Machine& m, Rng& rng);
};

const std::vector<Resource>& resources() {
  static const std::vector<Resource> list{
      {"nop.link_bytes_per_cycle",
       [](Machine& m, Rng& r) { m.arch.nop.link_bytes_per_cycle = more(r, m.arch.nop.link_bytes_per_cycle); }},
      {"nop.hop_cycles", [](Machine& m, Rng& r) { m.arch.nop.hop_cycles = less(r, m.arch.nop.hop_cycles); }},
      {"nop.base_cycles", [](Machine& m, Rng& r) { m.arch.nop.base_cycles = less(r, m.arch.nop.base_cycles); }},
      {"noc.link_bytes_per_cycle",
       [](Machine& m, Rng& r) { m.arch.noc.link_bytes_per_cycle = more(r, m.arch.noc.link_bytes_per_cycle); }},
      {"noc.hop_cycles", [](Machine& m, Rng& r) { m.arch.noc.hop_cycles = less(r, m.arch.noc.hop_cycles); }},
      {"noc.base_cycles", [](Machine& m, Rng& r) { m.arch.noc.base_cycles = less(r, m.arch.noc.base_cycles); }},
      {"pe.weight_buffer",
       [](Machine& m, Rng& r) {
         spec::BufferSpec& b = m.arch.pe.weight_buffer;
         double& port = r() % 2 ? b.read_bytes_per_cycle : b.write_bytes_per_cycle;
         port = more(r, port);
       }},
      {"pe.input_buffer",
       [](Machine& m, Rng& r) {
         spec::BufferSpec& b = m.arch.pe.input_buffer;
         double& port = r() % 2 ? b.read_bytes_per_cycle : b.write_bytes_per_cycle;
         port = more(r, port);
       }},
      {"pe.accumulation_buffer",
       [](Machine& m, Rng& r) {
         spec::BufferSpec& b = m.arch.pe.accumulation_buffer;
         double& port = r() % 2 ? b.read_bytes_per_cycle : b.write_bytes_per_cycle;
         port = more(r, port);
       }},
      {"pe.compute_overhead_cycles",
       [](Machine& m, Rng& r) { m.arch.pe.compute_overhead_cycles = less(r, m.arch.pe.compute_overhead_cycles); }},
      {"pe.ppu_elements_per_cycle",
       [](Machine& m, Rng& r) { m.arch.pe.ppu_elements_per_cycle += static_cast<int>(between(r, 1, 8)); }},
      {"global_buffer.read_bytes_per_cycle",
       [](Machine& m, Rng& r) {
         m.arch.global_buffer.read_bytes_per_cycle = more(r, m.arch.global_buffer.read_bytes_per_cycle);
       }},
      {"global_buffer.write_bytes_per_cycle",
       [](Machine& m, Rng& r) {
         m.arch.global_buffer.write_bytes_per_cycle = more(r, m.arch.global_buffer.write_bytes_per_cycle);
       }},
      {"vector_unit.elements_per_cycle",
       [](Machine& m, Rng& r) { m.arch.vector_unit.elements_per_cycle += static_cast<int>(between(r, 1, 16)); }},
      {"vector_unit.row_overhead_cycles",
       [](Machine& m, Rng& r) {
         m.arch.vector_unit.row_overhead_cycles = less(r, m.arch.vector_unit.row_overhead_cycles);
       }},
      {"controller.command_cycles",
       [](Machine& m, Rng& r) { m.arch.controller.command_cycles = less(r, m.arch.controller.command_cycles); }},
      {"controller.queue_depth",
       [](Machine& m, Rng& r) { m.arch.controller.queue_depth += static_cast<int>(between(r, 1, 16)); }},
      {"dma.outstanding_bursts",
       [](Machine& m, Rng& r) { m.arch.dma.outstanding_bursts += static_cast<int>(between(r, 1, 8)); }},
      {"dma.setup_cycles", [](Machine& m, Rng& r) { m.arch.dma.setup_cycles = less(r, m.arch.dma.setup_cycles); }},
      {"signal_cycles", [](Machine& m, Rng& r) { m.arch.signal_cycles = less(r, m.arch.signal_cycles); }},
      {"dram.port_bytes_per_cycle",
       [](Machine& m, Rng& r) { m.arch.dram_ports.bytes_per_cycle = more(r, m.arch.dram_ports.bytes_per_cycle); }},
      {"memory latency", [](Machine& m, Rng& r) { m.memory_latency_cycles = less(r, m.memory_latency_cycles); }}};
  return list;
}

// `overlapping`: sums may pass from PE to PE, and nodes may run a step ahead.
BuiltSchedule random_schedule(const spec::ArchSpec& arch, std::uint64_t seed, Rng& rng, bool overlapping) {
  switch (seed % 4) {
    case 0: {
      EncoderOptions e;
      e.seed = seed;
      e.random_mappings = true;
      e.k_over_pes = overlapping;
      e.tokens = between(rng, 1, 15);
      return encoder_layer(arch, e);
    }
    case 1: {
      LayerOptions l;
      l.seed = seed;
      l.random_mappings = true;
      l.k_over_pes = overlapping;
      l.resident_intermediates = rng() % 2 == 0;
      l.tokens = between(rng, 1, 17);
      return factorised_layer(arch, rng() % 2 == 0 ? LayerMethod::kTucker : LayerMethod::kCp, l);
    }
    case 2: {
      AttentionOptions a;
      a.seed = seed;
      a.random_mappings = true;
      a.k_over_pes = overlapping;
      a.loop_over_heads = rng() % 2 == 0;
      a.ahead = overlapping && rng() % 2 == 0;
      return attention_block(arch, a);
    }
    default: {
      OneGemmOptions g;
      g.seed = seed;
      g.random_mappings = true;
      g.k_over_pes = overlapping;
      g.pin_weight = rng() % 2 == 0;
      return one_gemm(arch, between(rng, 1, 3), between(rng, 1, 33), between(rng, 1, 33), between(rng, 1, 65), g);
    }
  }
}

struct Bounds {
  int runs = 0;
  double largest_loss = 0, mean_change = 0;
  int slower = runs / 8;  // of the runs
};

void expect_faster(const Bounds& bounds, bool overlapping, int queue_depth = small_arch().controller.queue_depth) {
  double change = 0;
  int slower = 0;
  for (int seed = 1; seed <= bounds.runs; ++seed) {
    Rng rng(static_cast<std::uint64_t>(seed));
    Machine worse;
    worse.arch = small_arch();
    worse.arch.controller.queue_depth = queue_depth;
    worse.arch.dma.outstanding_bursts = static_cast<int>(between(rng, 1, 8));
    worse.memory_latency_cycles = static_cast<int>(between(rng, 1, 200));
    const BuiltSchedule built = random_schedule(worse.arch, static_cast<std::uint64_t>(seed), rng, overlapping);
    const Resource& resource = resources()[rng() % resources().size()];
    Machine better = worse;
    resource.improve(better, rng);
    const Outcome slow = run(built, worse), fast = run(built, better);
    ASSERT_EQ(slow.error, "") << seed;
    ASSERT_EQ(fast.error, "") << seed;
    const double ratio = static_cast<double>(fast.cycles()) / static_cast<double>(slow.cycles());
    EXPECT_LE(ratio, 1 + bounds.largest_loss) << "schedule " << seed << ", " << resource.name;
    change += ratio - 1;
    slower += ratio > 1;
  }
  EXPECT_LT(change / bounds.runs, bounds.mean_change);
  EXPECT_LT(slower, bounds.slower);
}

TEST(Monotone, MoreOfAnyResourceThenFasterButForBoundedLossesOfOrder) {
  expect_faster({300, 0.02, -0.01}, false);
}

// More that passes at once, more orders that change.
TEST(Monotone, SumsFromPeToPeAndNodesAheadThenLossesBoundedToo) {
  expect_faster({300, 0.036, -0.01}, true);
}

// Loads three tiles ahead: further orders.
TEST(Monotone, LoadsFarAheadThenLossesBoundedToo) {
  expect_faster({300, 0.053, -0.01}, false, 16);
  expect_faster({300, 0.041, -0.01, 42}, true, 16);
}

}  // namespace
}  // namespace heat::simba_test
