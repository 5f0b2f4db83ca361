// Runs that one thing limits take the time of its closed form: exactly where a run is one tile, within 2 % where it is a
// stream of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/simba_l/global_buffer.h"
#include "tests/sim/simba_l/test_machine.h"
#include "tests/support/sample_schedules.h"

namespace heat::simba_test {
namespace {

using test_support::BuiltSchedule;

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

// One chiplet of PEs of 16 x 16 in which nothing is scarce: what a test is about it takes away.
Machine wide(int noc_width, int noc_height) {
  Machine m;
  spec::ArchSpec& a = m.arch = test_support::single_pe_arch();
  a.noc.width = noc_width;
  a.noc.height = noc_height;
  a.nop.link_bytes_per_cycle = a.noc.link_bytes_per_cycle = a.dram_ports.bytes_per_cycle = 1024;
  a.pe.lanes = a.pe.width = a.pe.ppu_elements_per_cycle = 16;
  a.pe.weight_buffer = a.pe.input_buffer = {spec::Bytes(1 << 17), 1024, 1024};
  a.pe.accumulation_buffer = {spec::Bytes(1 << 19), 1024, 1024};
  a.global_buffer = {spec::Bytes(1 << 22), 16, 64, 1024, 1024};
  a.dma = {256, 1024, 20};
  return m;
}

struct Gemm {
  std::int64_t M, N, K;
  std::int64_t gb_m, pe_m, pe_n;
  std::int64_t split_m = 1, split_n = 1;
};

Outcome run(const Machine& machine, const Gemm& g) {
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = {1, g.gb_m, g.N, g.K};
  map.pe_tile = {1, g.pe_m, g.pe_n, g.K};
  map.spatial = {1, g.split_m, g.split_n};
  o.mapping = map;
  o.step = g.N;
  return run(test_support::one_gemm(machine.arch, 1, g.M, g.N, g.K, o), machine);
}

// 256 bytes a row, 64 rows a tile.
constexpr std::int64_t kRow = 256, kTile = 64 * kRow;

// Weights, inputs and requantisation records, each loaded once.
double loaded_bytes(const Gemm& g) {
  return static_cast<double>(g.M * g.K + g.N * g.K + 4 * g.M);
}

void expect_cycles(const Outcome& o, double cycles) {
  ASSERT_EQ(o.error, "");
  EXPECT_NEAR(static_cast<double>(o.cycles()), cycles, 0.02 * cycles);
}

TEST(ClosedForm, OneDmaStreamThenBytesOverTheNarrowestOnItsWay) {
  const Gemm g{4096, 1, kRow, 64, 64, 1};
  for (const double bandwidth : {16.0, 8.0}) {
    Machine link = wide(1, 1), port = wide(1, 1), buffer = wide(1, 1);
    link.arch.nop.link_bytes_per_cycle = bandwidth;
    port.arch.dram_ports.bytes_per_cycle = bandwidth;
    buffer.arch.global_buffer.write_bytes_per_cycle = bandwidth;
    for (const Machine& m : {link, port, buffer}) expect_cycles(run(m, g), loaded_bytes(g) / bandwidth);
  }
}

// A chiplet with the DRAM behind several ports gets what they move together, until its own NoP port is full.
TEST(ClosedForm, OneDmaStreamThroughSeveralPortsThenTheirBandwidthsAddUp) {
  const Gemm g{4096, 1, kRow, 64, 64, 1};
  for (const int ports : {1, 2, 3, 4})
    for (const double link : {1024.0, 16.0}) {
      Machine m = wide(1, 1);
      m.arch.nop.width = m.arch.nop.height = 2;  // one token: the other chiplets have none
      m.arch.nop.hop_cycles = m.arch.signal_cycles = 0;
      m.arch.nop.link_bytes_per_cycle = link;
      m.arch.dram_ports = {{}, 1024, 8};
      for (int p = 0; p < ports; ++p) m.arch.dram_ports.chiplets.push_back(p);
      const Outcome o = run(m, g);
      expect_cycles(o, loaded_bytes(g) / std::min(link, 8.0 * ports));
    }
}

TEST(ClosedForm, OneBurstAtATimeThenARoundTripEach) {
  Machine m = wide(1, 1);
  m.arch.nop.link_bytes_per_cycle = 16;
  m.arch.dma = {64, 1, 20};
  const Gemm g{1024, 1, kRow, 64, 64, 1};
  // Request, memory, way back, four flits; between tiles the set-up.
  const double round_trip = 3 + 20 + 3 + 64 / 16 - 1;
  expect_cycles(run(m, g), loaded_bytes(g) / 64 * round_trip + 20 * 18);
}

TEST(ClosedForm, OneNocLinkThenBytesOverIt) {
  Machine m = wide(1, 1);
  m.arch.noc.link_bytes_per_cycle = 4;
  const Gemm g{1024, 1, kRow, 64, 64, 1};
  expect_cycles(run(m, g), static_cast<double>(g.M * g.K) / 4);
}

// 131,072 bytes once entered a PE in 85,406 cycles through a port of one byte a cycle.
TEST(ClosedForm, HotSpotOnOnePeThenBytesOverItsWritePort) {
  Machine m = wide(1, 1);
  m.arch.pe.weight_buffer.write_bytes_per_cycle = 1;
  expect_cycles(run(m, {512, 1, kRow, 64, 64, 1}), 131072);
  Machine inputs = wide(1, 1);
  inputs.arch.pe.input_buffer.write_bytes_per_cycle = 1;
  // 16 waves of 32 tokens, each sent again for both tiles of weights.
  expect_cycles(run(inputs, {128, 512, kRow, 128, 64, 32}), 2 * 512.0 * kRow);
}

// Four PEs that are all sent the same take a link's time once, four of whom each is sent its own four times.
TEST(ClosedForm, MulticastThenOnceWhereUnicastTakesOnceAPe) {
  Machine m = wide(2, 2);
  m.arch.noc.link_bytes_per_cycle = 4;
  const Outcome shared = run(m, {1024, 4, kRow, 64, 64, 1, 1, 4}), own = run(m, {4096, 1, kRow, 256, 64, 1, 4, 1});
  const double bytes = 1024.0 * kRow;
  expect_cycles(shared, bytes / 4);
  expect_cycles(own, 4 * bytes / 4);
  EXPECT_EQ(shared.count("weight_buffer_write"), own.count("weight_buffer_write"));
  // The tree to PEs 0 to 3 has three links, the ways to them have 0, 1, 1 and 2.
  const double outputs_and_inputs = 0.05 * bytes;
  EXPECT_NEAR(static_cast<double>(shared.count("noc_byte_hop")), 3 * bytes, outputs_and_inputs);
  EXPECT_NEAR(static_cast<double>(own.count("noc_byte_hop")), 4 * bytes, outputs_and_inputs);
}

TEST(ClosedForm, GatheredWordsThenTheBusiestBankOrThePort) {
  spec::GlobalBufferSpec spec{spec::Bytes(1 << 20), 32, 16, 128, 64};
  const simba::GlobalBuffer gb(spec, false);
  const auto gather = [&](std::int64_t stride) {
    simba::ViewSpec view;
    view.groups = {{{}, {{512, stride}}, {{1, 1}}}};
    simba::GbPlace place;
    place.view = &view;
    simba::Box box;
    box.count = {1, 512, 1};
    return gb.words(place, box);
  };
  // Every 32nd byte: 512 words over all banks, of which the port reads four a cycle and writes two.
  EXPECT_EQ(gather(32).words, 512);
  EXPECT_EQ(gb.read_cycles(gather(32)), 512 / 4);
  EXPECT_EQ(gb.write_cycles(gather(32)), 512 / 2);
  EXPECT_EQ(gb.read_cycles(gather(3 * 32)), 512 / 4);
  EXPECT_EQ(gb.read_cycles(gather(4 * 32)), 512 / 4);  // four banks, a word each
  EXPECT_EQ(gb.read_cycles(gather(8 * 32)), 512 / 2);  // two banks
  EXPECT_EQ(gb.read_cycles(gather(16 * 32)), 512);     // one
  EXPECT_EQ(gb.write_cycles(gather(16 * 32)), 512);
  EXPECT_EQ(gb.read_cycles(gather(16 * 32 + 32)), 512 / 4);
  EXPECT_EQ(gb.read_cycles(std::int64_t{512}), 4);  // the same bytes one behind the other
}

// A tile's load and its execution take 1,024 cycles each.
TEST(ClosedForm, OneTileThenTheSumOfLoadAndExecutionManyThenTheLonger) {
  Machine m = wide(1, 1);
  m.arch.nop.link_bytes_per_cycle = 16;
  const std::int64_t tiles = 32, M = 64 * tiles, N = 16;
  const double load = static_cast<double>(tiles * kTile) / 16, store = static_cast<double>(M * N) / 16,
               input = static_cast<double>(N * kRow) / 16, records = static_cast<double>(4 * M) / 16;
  const double compute = static_cast<double>(tiles * (4 * N * (kRow / 16) + 4));
  expect_cycles(run(m, {M, N, kRow, M, 64, N}), records + input + load + compute + store);
  expect_cycles(run(m, {M, N, kRow, 64, 64, N}), records + input + load + compute / tiles + store / tiles);
}

// One sum over 4 K on one chiplet, and on four with K each: their partial sums, of 4 bytes, live in the global buffers and
// each chiplet reads what of its rows the three others made.
TEST(ClosedForm, FourChipletsThenAQuarterOfTheLoadsAndTheReductionOverTheNop) {
  constexpr std::int64_t kParts = 4, kM = 64, kN = 64;
  constexpr double kLink = 4;
  for (const std::int64_t k : {4160, 8256}) {  // rows begin in different pieces of the memory
    Machine one = wide(1, 1), four = wide(1, 1);
    four.arch.nop.width = four.arch.nop.height = 2;
    four.arch.nop.hop_cycles = four.arch.signal_cycles = 0;
    four.arch.dram_ports.chiplets = {0, 1, 2, 3};
    for (Machine* m : {&one, &four}) {
      m->arch.nop.link_bytes_per_cycle = kLink;
      m->arch.dram_ports.interleave_bytes = 1024;
    }
    test_support::DividedSumOptions o;
    spec::GemmMapping& map = o.mapping.emplace();
    map.gb_tile = map.pe_tile = {1, kM, kN, 64};
    o.step = 1;
    BuiltSchedule divided = test_support::divided_sum(four.arch, kParts, kM, kN, k, o);
    for (spec::TensorId t : divided.schedule.workload.tensors.ids())
      if (divided.schedule.workload.tensors[t].name == "s") {
        divided.schedule.plan.homes = {{t, kParts, 0, four.arch.global_buffer.capacity.value() / 2}};
        divided.schedule.plan.dram_addresses[t] = -1;
      }
    spec::attach_homes(divided.schedule.workload, divided.schedule.plan);
    test_support::OneGemmOptions whole;
    whole.mapping = map;
    whole.step = kN;
    const double operands = static_cast<double>((kM + kN) * k), results = static_cast<double>(kM * kN),
                 records = 4.0 * kM;
    expect_cycles(run(test_support::one_gemm(one.arch, 1, kM, kN, kParts * k, whole), one),
                  (records + kParts * operands + results) / kLink);
    const double sums = 4 * results / kParts * (kParts - 1);  // bytes that a chiplet reads of others
    const spec::VectorUnitSpec& unit = four.arch.vector_unit;
    const double rows =
        static_cast<double>(kN / kParts * (ceil_div(kParts * kM, unit.elements_per_cycle) + unit.row_overhead_cycles));
    expect_cycles(run(divided, four), (operands + records + sums + results / kParts) / kLink + rows);
  }
}

struct Sizes {
  std::int64_t M, N, K;
};

// LOAD, SEND, COMPUTE, DRAIN, STORE of one tile, one behind the other, over links of 16 bytes a cycle: timing_test.cpp
// says which figures these are. Loads share the NoP's link, sends the NoC's.
std::int64_t one_tile_cycles(const Sizes& s) {
  std::int64_t link_free = 0, there = 0;
  const auto load = [&](std::int64_t submit, std::int64_t bytes) {
    const std::int64_t flits = ceil_div(ceil_div(bytes, 64) * 64, 16);
    const std::int64_t start = std::max(link_free, submit + 3 + 20);
    link_free = start + flits;
    return there = std::max(there, start + 3 + flits - 1);  // commands complete in order
  };
  load(8 + 20, 4 * s.M);
  const std::int64_t weight_there = load(8 + 40, s.M * s.K), input_there = load(8 + 60, s.N * s.K);
  const std::int64_t weight_flits = ceil_div(s.M * s.K, 16), input_flits = ceil_div(s.N * s.K, 16);
  const std::int64_t weight_sent = weight_there + 1 + weight_flits - 1;
  const std::int64_t input_sent = std::max(input_there, weight_there + weight_flits) + 1 + input_flits - 1;
  const std::int64_t computed = std::max(weight_sent, input_sent) + ceil_div(s.M, 16) * s.N * ceil_div(s.K, 16) + 4;
  const std::int64_t drained = computed + 1 + ceil_div(s.M * s.N, 16) - 1;
  return drained + 20 + 3 + ceil_div(ceil_div(s.M * s.N, 64) * 64, 16) - 1 + 20 + 3;
}

TEST(ClosedForm, OddSizesThenExactlyTheSumOfTheParts) {
  Machine m = wide(1, 1);
  m.arch.nop.link_bytes_per_cycle = m.arch.noc.link_bytes_per_cycle = 16;
  for (const std::int64_t M : {1, 15, 17, 255})
    for (const std::int64_t N : {1, 15, 17, 255})
      for (const std::int64_t K : {1, 15, 17, 255}) {
        const Outcome o = run(m, {M, N, K, M, M, N});
        ASSERT_EQ(o.error, "");
        EXPECT_EQ(o.cycles(), one_tile_cycles({M, N, K})) << "M " << M << " N " << N << " K " << K;
      }
}

// Cycles in which the unit of the only chiplet worked.
std::int64_t work_of(const Outcome& o, const std::string& unit) {
  for (const auto& u : o.report.at("ledger"))
    if (u.at("unit") == unit) return u.at("work_cycles").get<std::int64_t>();
  ADD_FAILURE() << "no unit " << unit;
  return 0;
}

// k over so many PEs in a row.
Outcome run_over_k(const Machine& machine, const Sizes& s, std::int64_t pes) {
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = {1, s.M, s.N, s.K};
  map.pe_tile = {1, s.M, s.N, s.K / pes};
  map.spatial = {1, 1, 1, pes};
  o.mapping = map;
  o.step = s.N;
  return run(test_support::one_gemm(machine.arch, 1, s.M, s.N, s.K, o), machine);
}

// From the end of the last PE's tile: a way to each PE before it, one pass of the sums through the narrowest of link, the
// ports of the accumulation buffers and the PPU, the way of the results to the global buffer.
TEST(ClosedForm, SumsOverAChainOfPesThenItsHopsAndOnePass) {
  struct Narrow {
    std::int64_t link, read, write, ppu;
  };
  for (const auto& [M, N] : {std::pair<std::int64_t, std::int64_t>{17, 15}, {1, 1}, {16, 16}})
    for (const Narrow& by : {Narrow{1024, 1024, 1024, 16}, Narrow{8, 1024, 1024, 16}, Narrow{1024, 16, 1024, 16},
                             Narrow{1024, 1024, 16, 16}, Narrow{1024, 1024, 1024, 1}})
      for (const std::int64_t pes : {1, 2, 3, 4}) {
        Machine m = wide(4, 1);
        m.arch.noc.link_bytes_per_cycle = static_cast<double>(by.link);
        m.arch.noc.hop_cycles = 7;
        m.arch.pe.accumulation_buffer.read_bytes_per_cycle = static_cast<double>(by.read);
        m.arch.pe.accumulation_buffer.write_bytes_per_cycle = static_cast<double>(by.write);
        m.arch.pe.ppu_elements_per_cycle = static_cast<int>(by.ppu);
        m.arch.pe.accumulator_bits = 32;
        const Outcome o = run_over_k(m, {M, N, 16 * pes}, pes);
        ASSERT_EQ(o.error, "");
        const std::int64_t sums = M * N, ways = pes - 1;
        std::int64_t pass = std::max({ceil_div(sums, by.ppu), ceil_div(4 * sums, by.read), ceil_div(sums, by.link)});
        if (pes > 1)  // each sum is read twice, to be added and to go on
          pass =
              std::max({pass, ceil_div(4 * sums, by.link), ceil_div(8 * sums, by.read), ceil_div(4 * sums, by.write)});
        EXPECT_EQ(work_of(o, "drain"),
                  ways * (m.arch.noc.base_cycles + m.arch.noc.hop_cycles) + m.arch.noc.base_cycles + pass - 1)
            << M << " x " << N << " over " << pes << " PEs, link " << by.link << " ports " << by.read << ", "
            << by.write << " PPU " << by.ppu;
        EXPECT_EQ(o.count("accumulator_write"), sums * (pes + ways));
        EXPECT_EQ(o.count("accumulator_read"), sums * (2 * ways + 1));
        const std::int64_t sent = 16 * M + 16 * N;  // to each PE, as far from the global buffer as its number
        EXPECT_EQ(o.count("noc_byte_hop"), sent * ways * pes / 2 + 4 * sums * ways);
      }
}

// Sixteen tiles of 64 x 256 weights on one PE of 16 x 16, for one token; every port moves 1024 bytes a cycle.
TEST(ClosedForm, FloorAndBusyCyclesOfEveryResource) {
  const Machine m = wide(1, 1);
  const Outcome o = run(m, {1024, 1, kRow, 64, 64, 1});
  ASSERT_EQ(o.error, "");
  const auto& floor = o.report.at("floor");
  EXPECT_EQ(floor.at("terms"), nlohmann::json::parse(R"([
      {"name": "macs", "amount": 262144, "per_cycle": 256.0, "cycles": 1024.0},
      {"name": "weight_bytes", "amount": 262144, "per_cycle": 1024.0, "cycles": 256.0}])"));
  EXPECT_EQ(floor.at("bound"), "macs");
  EXPECT_EQ(floor.at("cycles"), 1024.0);
  EXPECT_DOUBLE_EQ(floor.at("distance").get<double>(), static_cast<double>(o.cycles()) / 1024);
  const std::int64_t bursts = 1024 + 1 + 4 * 1024 / 256;  // of 256 bytes: weights, input, records; a cycle each
  const std::int64_t stores = 16;                         // of 64 bytes
  const std::vector<spec::ResourceUse> expected{
      {"mac_array", "chiplet0.pe0", 16 * (64 / 16) * (256 / 16)},  // a block of 16 x 16 a cycle
      {"ppu", "chiplet0.pe0", 16 * 64 / 16},
      // A tile of 16 KiB takes 16 cycles; the input, a tile's records and its results take one each.
      {"gb_read_port", "chiplet0.global_buffer.read_port", 16 * 16 + 1 + 16 + 16},
      {"gb_write_port", "chiplet0.global_buffer.write_port", bursts + 16},
      {"noc_port", "chiplet0.noc.router0.port0.in", 16 * 16 + 1},
      {"nop_port", "nop.router0.port0.in", bursts},
      {"dram_port", "dram_port0", bursts + stores}};
  const auto& resources = o.report.at("resources");
  for (const spec::ResourceUse& e : expected) {
    const auto found = std::find_if(resources.begin(), resources.end(),
                                    [&](const nlohmann::json& r) { return r.at("kind") == e.kind; });
    ASSERT_NE(found, resources.end()) << e.kind;
    EXPECT_EQ(found->at("busiest"), e.busiest);
    EXPECT_EQ(found->at("busy_cycles"), e.busy_cycles) << e.kind;
    EXPECT_DOUBLE_EQ(found->at("share").get<double>(),
                     static_cast<double>(e.busy_cycles) / static_cast<double>(o.cycles()));
  }
  EXPECT_EQ(resources.size(), expected.size() + 2);  // vector unit and controller; one router has no links
}

}  // namespace
}  // namespace heat::simba_test
