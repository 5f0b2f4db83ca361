// The closed forms against a walk of the loop nest (loop_walk.h).
#include "machines/simba/step_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/machines/simba/loop_walk.h"

namespace heat::machines::simba {
namespace {

std::int64_t pick(std::mt19937& rng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(rng() % static_cast<std::uint64_t>(high - low + 1));
}

GemmMapping random_mapping(const Extents& e, const spec::ArchSpec& arch, std::mt19937& rng) {
  GemmMapping m;
  do {
    m.spatial = {pick(rng, 1, 3), pick(rng, 1, 6), pick(rng, 1, 6), rng() % 2 ? 1 : pick(rng, 2, 5)};
  } while (m.spatial.product() > arch.pes());
  for (LoopDim dim : {kB, kM, kN, kK}) m.gb_tile[dim] = pick(rng, 1, e[dim]);
  if (rng() % 2) m.gb_tile.k = e.k;
  for (LoopDim dim : {kB, kM, kN, kK}) m.pe_tile[dim] = pick(rng, 1, std::min<std::int64_t>(m.gb_tile[dim], 6));
  if (m.gb_tile.k < e.k) {  // then a GB tile is one wave
    m.gb_tile.b = std::min(m.gb_tile.b, m.pe_tile.b * m.spatial.b);
    m.gb_tile.m = std::min(m.gb_tile.m, m.pe_tile.m * m.spatial.m);
    m.gb_tile.n = std::min(m.gb_tile.n, m.pe_tile.n * m.spatial.n);
  }
  std::shuffle(m.gb_order.begin(), m.gb_order.end(), rng);
  if (rng() % 2) std::swap(m.wave_order[0], m.wave_order[1]);
  return m;
}

bool all_waves_whole(const Extents& e, const GemmMapping& m) {
  const Extents split{m.spatial.b, m.spatial.m, m.spatial.n, m.spatial.k};
  for (LoopDim dim : {kB, kM, kN, kK})
    if (e[dim] % m.gb_tile[dim] != 0 || m.gb_tile[dim] % (m.pe_tile[dim] * split[dim]) != 0) return false;
  return true;
}

// Larger tiles of the global buffer and extents.
void make_waves_whole(Extents& e, GemmMapping& m) {
  const Extents split{m.spatial.b, m.spatial.m, m.spatial.n, m.spatial.k};
  const auto up = [](std::int64_t size, std::int64_t unit) { return base::ceil_div(size, unit) * unit; };
  for (LoopDim dim : {kB, kM, kN, kK}) {
    m.gb_tile[dim] = up(m.gb_tile[dim], m.pe_tile[dim] * split[dim]);
    e[dim] = up(e[dim], m.gb_tile[dim]);
  }
}

std::string describe(const Extents& e, const GemmMapping& m) {
  const auto text = [](const Extents& x) {
    return std::to_string(x.b) + "," + std::to_string(x.m) + "," + std::to_string(x.n) + "," + std::to_string(x.k);
  };
  std::string s = "extents " + text(e) + " gb " + text(m.gb_tile) + " pe " + text(m.pe_tile) + " split " +
                  text({m.spatial.b, m.spatial.m, m.spatial.n, m.spatial.k}) + " order ";
  for (LoopDim dim : m.gb_order) s += spec::loop_dim_name(dim);
  return s + " waves " + spec::loop_dim_name(m.wave_order[0]);
}

// Ports and banks that bind, each in its turn.
void narrow(spec::ArchSpec& arch, int round) {
  arch.pe = tiny().pe;
  arch.global_buffer = tiny().global_buffer;
  arch.pe.weight_registers = 1 + round % 2;
  arch.global_buffer.banks = 1 << round % 5;
  arch.pe.weight_buffer.write_bytes_per_cycle = round % 3 == 0 ? 4 : 128;
  switch (round % 7) {
    case 0:
      arch.pe.weight_buffer.read_bytes_per_cycle = 3;
      break;
    case 1:
      arch.pe.input_buffer.read_bytes_per_cycle = 2;
      break;
    case 2:
      arch.pe.accumulation_buffer.read_bytes_per_cycle = 7;
      break;
    case 3:
      arch.pe.accumulation_buffer.write_bytes_per_cycle = 5;
      break;
    default:
      break;
  }
}

TEST(StepCounts, EqualAWalkOfTheLoopNest) {
  spec::ArchSpec arch = tiny();
  std::mt19937 rng(20260722);
  LinkTables links(arch.noc);
  int whole_chains = 0;
  for (int round = 0; round < 1500; ++round) {
    narrow(arch, round);
    Extents e{pick(rng, 1, 4), pick(rng, 1, 19), pick(rng, 1, 17), pick(rng, 1, 21)};
    GemmMapping map = random_mapping(e, arch, rng);
    if (round % 20 == 0) make_waves_whole(e, map);
    const Operand w = operand({e.b, e.m, e.k}, rng), i = operand({e.b, e.n, e.k}, rng),
                  o = operand({e.b, e.m, e.n}, rng);
    const GemmShape shape{w.shape, i.shape, o.shape, {}};
    GemmCounter counter(shape, e, arch, links);
    GemmMapping before = map;  // the same tiles, counted first
    std::shuffle(before.gb_order.begin(), before.gb_order.end(), rng);
    std::shuffle(before.wave_order.begin(), before.wave_order.end(), rng);
    counter.count(before);
    const StepCounts closed = counter.count(map);
    const StepCounts walked = Walker(w, i, o, e, map, arch).run();
    const auto same = [&](double x, double y, const std::string& name) {
      ASSERT_NEAR(x, y, 1e-6) << name << ": " << describe(e, map) << " round " << round;
    };
    const auto expect = [&](double StepCounts::*field, const char* name) { same(closed.*field, walked.*field, name); };
    const auto expect_operands = [&](double OperandCounts::*field, const std::string& name) {
      same(closed.weight.*field, walked.weight.*field, "weight." + name);
      same(closed.input.*field, walked.input.*field, "input." + name);
    };
    expect(&StepCounts::macs, "macs");
    ASSERT_EQ(closed.macs, static_cast<double>(e.product()));
    expect_operands(&OperandCounts::buffer_writes, "buffer_writes");
    expect_operands(&OperandCounts::buffer_reads, "buffer_reads");
    expect(&StepCounts::accumulator_writes, "accumulator_writes");
    expect(&StepCounts::accumulator_reads, "accumulator_reads");
    expect(&StepCounts::ppu_elements, "ppu_elements");
    expect(&StepCounts::gb_reads, "gb_reads");
    expect(&StepCounts::gb_writes, "gb_writes");
    expect(&StepCounts::noc_byte_hops, "noc_byte_hops");
    expect_operands(&OperandCounts::loads, "loads");
    expect(&StepCounts::stores, "stores");
    expect_operands(&OperandCounts::sends, "sends");
    expect(&StepCounts::waves, "waves");
    expect(&StepCounts::drains, "drains");
    expect_operands(&OperandCounts::load_bytes, "load_bytes");
    expect(&StepCounts::store_bytes, "store_bytes");
    expect_operands(&OperandCounts::fill_bytes, "fill_bytes");
    expect_operands(&OperandCounts::send_bytes, "send_bytes");
    expect(&StepCounts::send_flits, "send_flits");
    expect(&StepCounts::drain_flits, "drain_flits");
    expect(&StepCounts::compute_cycles, "compute_cycles");
    expect(&StepCounts::ppu_cycles, "ppu_cycles");
    expect_operands(&OperandCounts::port_cycles, "port_cycles");
    ASSERT_EQ(closed.chain_ways, walked.chain_ways) << describe(e, map);
    // Of waves in which some PEs have less or nothing to pass on, at most.
    ASSERT_GE(closed.chain_flits, walked.chain_flits) << describe(e, map);
    if (all_waves_whole(e, map)) same(closed.chain_flits, walked.chain_flits, "chain_flits");
    whole_chains += all_waves_whole(e, map) && walked.chain_flits > 0;
    expect(&StepCounts::tiles, "tiles");
    expect(&StepCounts::gb_read_cycles, "gb_read_cycles");
    expect(&StepCounts::gb_write_cycles, "gb_write_cycles");
  }
  EXPECT_GE(whole_chains, 5);
}

}  // namespace
}  // namespace heat::machines::simba
