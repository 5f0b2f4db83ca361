// The firmware alone, on a bus that records its commands and completes them at once or late.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <vector>

#include "firmware/hal/host/host_hal.h"
#include "firmware/include/simba_abi.h"
extern "C" {
#include "firmware/src/commands.h"
}
#include "sim/simba_l/program_image.h"
#include "tests/support/sample_schedules.h"

namespace heat {
namespace {

using Words = std::array<std::uint32_t, SIMBA_CMD_WORDS>;

struct Issued {
  std::uint32_t engine;
  Words words;
  std::array<std::uint32_t, SIMBA_ENGINES> done_at_issue;
};

// Completes a command only while the firmware sleeps, one command a sleep: the oldest whose waits are met.
class LazyBus {
 public:
  LazyBus(std::uint32_t chiplet, std::uint32_t depth) : chiplet_(chiplet), depth_(depth) {}

  void run(const std::vector<std::uint32_t>& image) {
    simba_host_bus bus{};
    bus.self = this;
    bus.read = [](void* self, std::uint32_t a) { return static_cast<LazyBus*>(self)->read(a - SIMBA_MMIO_BASE); };
    bus.write = [](void* self, std::uint32_t a, std::uint32_t v) {
      static_cast<LazyBus*>(self)->write(a - SIMBA_MMIO_BASE, v);
    };
    bus.wait = [](void* self) { static_cast<LazyBus*>(self)->sleep(); };
    simba_host_run(&bus, image.data());
  }

  std::vector<Issued> issued;
  std::array<std::uint32_t, SIMBA_ENGINES> done{}, pushed{};
  int halt = -1;

 private:
  std::uint32_t read(std::uint32_t offset) const {
    if (offset == SIMBA_REG_CHIPLET) return chiplet_;
    if (offset >= SIMBA_REG_DONE) return done[(offset - SIMBA_REG_DONE) / 4];
    const std::uint32_t e = (offset - SIMBA_REG_QUEUE_FREE) / 4;
    return depth_ - (pushed[e] - done[e]);
  }
  void write(std::uint32_t offset, std::uint32_t value) {
    if (offset >= SIMBA_REG_COMMAND) {
      command_[(offset - SIMBA_REG_COMMAND) / 4] = value;
    } else if (offset == SIMBA_REG_PUSH) {
      ASSERT_LT(pushed[value] - done[value], depth_) << "pushed into a full queue";
      for (std::uint32_t e = 0; e < SIMBA_ENGINES; ++e)
        ASSERT_LE(command_[SIMBA_CMD_WAIT + e], pushed[e]) << "waits for a command that was not issued";
      ++pushed[value];
      issued.push_back({value, command_, done});
      queues_[value].push_back(command_);
      command_ = {};
    } else if (offset == SIMBA_REG_HALT) {
      EXPECT_EQ(done, pushed) << "halted with work under way";
      halt = static_cast<int>(value);
    }
  }
  void sleep() {
    for (std::uint32_t e = SIMBA_ENGINES; e-- > 0;) {
      if (done[e] == pushed[e]) continue;
      const Words& w = queues_[e][done[e]];
      bool ready = done[SIMBA_SIGNAL] >= w[SIMBA_CMD_RESULTS];  // the other chiplets signal as this one does
      for (std::uint32_t d = 0; d < SIMBA_ENGINES; ++d) ready = ready && done[d] >= w[SIMBA_CMD_WAIT + d];
      if (!ready) continue;
      ++done[e];
      return;
    }
    FAIL() << "the firmware sleeps and nothing can complete";
  }
  std::uint32_t chiplet_, depth_;
  Words command_{};
  std::array<std::vector<Words>, SIMBA_ENGINES> queues_;
};

std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

TEST(Firmware, OneGemmThenCommandCountsFollowTheLoopNest) {
  auto arch = test_support::single_pe_arch();
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = {1, 8, 10, 16};
  map.pe_tile = {1, 4, 5, 16};
  map.gb_order = {spec::LoopDim::kB, spec::LoopDim::kM, spec::LoopDim::kN};
  o.mapping = map;
  o.step = 20;
  const auto built = test_support::one_gemm(arch, 1, 20, 20, 16, o);
  const simba::ProgramImage image(built.schedule, arch);
  LazyBus bus(0, 4);
  bus.run(image.words());
  EXPECT_EQ(bus.halt, 0);
  EXPECT_EQ(bus.pushed[SIMBA_SIGNAL], 0u);  // nobody waits for its result
  const std::int64_t m_tiles = ceil_div(20, 8), n_tiles = ceil_div(20, 10), waves = ceil_div(20, 4) * ceil_div(20, 5);
  // m outside, n inside: the weight tile stays while n moves; inputs come again for every m. One load of records.
  EXPECT_EQ(bus.pushed[SIMBA_LOAD], 1 + m_tiles + m_tiles * n_tiles);
  EXPECT_EQ(bus.pushed[SIMBA_COMPUTE], waves);
  EXPECT_EQ(bus.pushed[SIMBA_DRAIN], waves);
  EXPECT_EQ(bus.pushed[SIMBA_STORE], m_tiles * n_tiles);
  // Waves go m outside, n inside: in a GB tile a weight tile of a PE is sent once. The last GB tile along m is one wave
  // of m, so its weights stay in the PEs when n moves to the next GB tile; those of the two before come twice.
  EXPECT_EQ(bus.pushed[SIMBA_SEND_WEIGHT], 2 * 2 * n_tiles + 1);
  EXPECT_EQ(bus.pushed[SIMBA_SEND_INPUT], waves);
}

TEST(Firmware, ChipletWithoutShareThenItComputesNothing) {
  auto arch = test_support::small_arch();
  test_support::OneGemmOptions o;
  o.bound = test_support::GemmBound::kB;
  const auto built = test_support::one_gemm(arch, 5, 6, 7, 8, o);  // shares of 2, 2, 1 and none
  const simba::ProgramImage image(built.schedule, arch);
  std::vector<std::uint32_t> computes;
  for (std::uint32_t c = 0; c < 4; ++c) {
    LazyBus bus(c, 4);
    bus.run(image.words());
    EXPECT_EQ(bus.halt, 0);
    computes.push_back(bus.pushed[SIMBA_COMPUTE]);
    for (const Issued& i : bus.issued) {
      if (i.engine == SIMBA_LOAD && i.words[SIMBA_CMD_PARTICIPANTS] != 0) {
        EXPECT_GT(i.words[SIMBA_CMD_PARTICIPANTS], c);
      }
    }
  }
  EXPECT_GT(computes[0], 0u);
  EXPECT_GT(computes[2], 0u);
  EXPECT_EQ(computes[3], 0u);
}

// Five tiles of weights: loads before each store.
std::vector<std::uint32_t> loads_before_stores(std::uint32_t depth) {
  auto arch = test_support::single_pe_arch();
  arch.controller.queue_depth = static_cast<int>(depth);
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = {1, 8, 10, 16};
  map.pe_tile = {1, 4, 5, 16};
  o.mapping = map;
  o.step = 10;
  const auto built = test_support::one_gemm(arch, 1, 40, 10, 16, o);
  const simba::ProgramImage image(built.schedule, arch);
  LazyBus bus(0, depth);
  bus.run(image.words());
  std::vector<std::uint32_t> loads_before_store;
  for (const Issued& i : bus.issued) {
    if (i.engine == SIMBA_LOAD && loads_before_store.empty()) loads_before_store.push_back(0);
    if (i.engine == SIMBA_LOAD) ++loads_before_store.back();
    if (i.engine == SIMBA_STORE) loads_before_store.push_back(0);
  }
  return loads_before_store;
}

TEST(Firmware, SeveralTilesThenLoadsRunAheadAsFarAsSlotsAndTheQueueLetThem) {
  // Records, weights, inputs and the next tiles' weights; then a tile of weights before each store while there are some.
  EXPECT_EQ(loads_before_stores(64), (std::vector<std::uint32_t>{6, 1, 0, 0, 0, 0}));
  EXPECT_EQ(loads_before_stores(3 * SIMBA_TILE_LOADS), loads_before_stores(64));
  EXPECT_EQ(loads_before_stores(3 * SIMBA_TILE_LOADS - 1), (std::vector<std::uint32_t>{5, 1, 1, 0, 0, 0}));
  EXPECT_EQ(loads_before_stores(2 * SIMBA_TILE_LOADS - 1), (std::vector<std::uint32_t>{4, 1, 1, 1, 0, 0}));
}

TEST(Firmware, EncoderLayerWithShallowQueuesThenItFinishes) {
  auto arch = test_support::small_arch();
  for (std::uint32_t depth : {1u, 2u, 16u}) {
    test_support::EncoderOptions o;
    o.random_mappings = true;
    const auto built = test_support::encoder_layer(arch, o);
    const simba::ProgramImage image(built.schedule, arch);
    LazyBus bus(1, depth);
    bus.run(image.words());
    EXPECT_EQ(bus.halt, 0);
    EXPECT_EQ(bus.pushed[SIMBA_SIGNAL] + 1, built.schedule.plan.groups.size());  // each group reads the one before it
  }
}

// Weights of the next group are fetched while the present one computes, what it reads of other chiplets only after
// their signal.
TEST(Firmware, NextGroupThenItsWeightsAreLoadedAheadAndItsInputsBehindTheSignal) {
  auto arch = test_support::small_arch();
  const auto built = test_support::encoder_layer(arch, {});
  const simba::ProgramImage image(built.schedule, arch);
  LazyBus bus(1, 16);
  bus.run(image.words());
  std::uint32_t signals = 0, ahead = 0, behind = 0;
  std::map<std::uint32_t, std::uint32_t> group_of;
  std::uint32_t number = 0;
  for (const auto& g : built.schedule.plan.groups) {
    for (const auto& n : g.nodes) group_of[static_cast<std::uint32_t>(n.node.value)] = number;
    ++number;
  }
  for (const Issued& i : bus.issued) {
    if (i.engine == SIMBA_SIGNAL) ++signals;
    if (i.engine != SIMBA_LOAD) continue;
    if (i.words[SIMBA_CMD_RESULTS] == 0 && group_of.at(i.words[SIMBA_CMD_NODE]) > signals) ++ahead;
    EXPECT_LE(i.words[SIMBA_CMD_RESULTS], signals) << "waits for a signal that is still to be pushed";
    if (i.words[SIMBA_CMD_RESULTS] > 0) ++behind;
  }
  EXPECT_GT(ahead, 0u);
  EXPECT_GT(behind, 0u);
}

TEST(Firmware, CommandTouchesTooManyObjectsThenNothingIsIssuedAnyMore) {
  composer c{};
  std::array<object, SIMBA_MAX_TOUCHED + 1> objects{};
  for (std::size_t i = 0; i < SIMBA_MAX_TOUCHED; ++i) command_reads(&c, &objects[i]);
  EXPECT_EQ(c.halt, static_cast<std::uint32_t>(SIMBA_HALT_DONE));
  command_writes(&c, &objects[SIMBA_MAX_TOUCHED]);
  EXPECT_EQ(c.halt, static_cast<std::uint32_t>(SIMBA_HALT_TOUCHES));
  EXPECT_EQ(c.touched_count, static_cast<std::uint32_t>(SIMBA_MAX_TOUCHED));
  command_push(&c, SIMBA_VECTOR);  // without a bus: a register access would crash
  EXPECT_EQ(c.issued[SIMBA_VECTOR], 0u);
}

// Every joint load of a node's step has a key of its own, the same on all chiplets that take part.
TEST(Firmware, JointLoadsThenKeysTellTilesApartAndAgreeBetweenChiplets) {
  auto arch = test_support::small_arch();
  test_support::OneGemmOptions o;
  spec::GemmMapping map;
  map.gb_tile = {1, 4, 5, 8};
  map.pe_tile = {1, 4, 5, 8};
  o.mapping = map;
  o.bound = test_support::GemmBound::kN;
  const auto built = test_support::one_gemm(arch, 2, 20, 90, 24, o);
  const simba::ProgramImage image(built.schedule, arch);
  using Place = std::array<std::uint32_t, 4>;              // view, first element
  std::map<std::array<std::uint32_t, 2>, Place> place_of;  // step, key
  std::size_t first = 0;
  for (std::uint32_t c = 0; c < 4; ++c) {
    LazyBus bus(c, 4);
    bus.run(image.words());
    std::set<std::array<std::uint32_t, 2>> keys;
    std::size_t loads = 0;
    for (const Issued& i : bus.issued) {
      if (i.engine != SIMBA_LOAD || i.words[SIMBA_CMD_PARTICIPANTS] == 0) continue;
      const std::array<std::uint32_t, 2> key{i.words[SIMBA_CMD_STEP], i.words[SIMBA_CMD_KEY]};
      const Place place{i.words[SIMBA_CMD_VIEW], i.words[SIMBA_CMD_START], i.words[SIMBA_CMD_START + 1],
                        i.words[SIMBA_CMD_START + 2]};
      EXPECT_EQ(place_of.emplace(key, place).first->second, place);
      keys.insert(key);
      ++loads;
    }
    EXPECT_EQ(keys.size(), loads);
    if (c == 0) first = loads;
  }
  EXPECT_GT(first, 30u);
}

TEST(Firmware, ForeignImageThenItHaltsAndSaysSo) {
  LazyBus bus(0, 4);
  bus.run(std::vector<std::uint32_t>(SIMBA_IMG_HEADER, 7));
  EXPECT_EQ(bus.halt, SIMBA_HALT_FOREIGN_IMAGE);
  EXPECT_TRUE(bus.issued.empty());
}

}  // namespace
}  // namespace heat
