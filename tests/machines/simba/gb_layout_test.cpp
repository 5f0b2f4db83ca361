// Nothing in the global buffer overlaps, everything is on a word, and the total is the sum of the parts.
#include "machines/simba/gb_layout.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/sample_schedules.h"

namespace heat::machines::simba {
namespace {

using spec::ArchSpec;
using spec::Bytes;
using spec::Extents;
using spec::FusedGroup;
using spec::Schedule;
using test_support::small_arch;

struct Block {
  std::int64_t begin, end;
};

std::vector<Block> blocks_of(const Schedule& schedule, const FusedGroup& group, const GbLayout& layout) {
  std::vector<Block> blocks;
  for (const auto& [tensor, range] : layout.resident) {
    EXPECT_EQ(range.bytes, resident_bytes(schedule.workload, group, tensor));
    blocks.push_back({range.offset, range.offset + range.bytes});
  }
  for (const Slots& slots : {layout.weight, layout.input, layout.output, layout.parameters}) {
    if (slots.bytes == 0) continue;
    for (std::int64_t i = 0; i < slots.count; ++i)
      blocks.push_back({slots.offset + i * slots.bytes, slots.offset + (i + 1) * slots.bytes});
  }
  std::sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) { return a.begin < b.begin; });
  return blocks;
}

// What slots of a kind take behind the first two.
std::int64_t more(const Slots& slots) {
  return slots.total() - 2 * slots.bytes;
}

void expect_sound(const Schedule& schedule, const ArchSpec& arch) {
  const std::int64_t word = arch.global_buffer.word_bytes;
  for (const FusedGroup& group : schedule.plan.groups) {
    const GbLayout layout = gb_layout(schedule.workload, group, arch);
    std::int64_t sum = 0, end = 0;
    for (const Block& block : blocks_of(schedule, group, layout)) {
      EXPECT_GE(block.begin, end) << group.name;
      EXPECT_EQ(block.begin % word, 0) << group.name;
      end = block.end;
      sum += (block.end - block.begin + word - 1) / word * word;
    }
    const std::int64_t extra = more(layout.weight) + more(layout.input);
    EXPECT_EQ(layout.total_bytes + extra, sum) << group.name;
    EXPECT_LE(end, std::max(layout.total_bytes, arch.global_buffer.capacity.value())) << group.name;
    // There are more of a kind while there is room.
    const std::int64_t left = layout.room.bytes - layout.total_bytes - extra;
    for (const Slots* slots : {&layout.weight, &layout.input})
      if (slots->bytes > 0 && slots->count < max_slots(arch)) {
        EXPECT_LT(left, slots->bytes) << group.name;
      }
    EXPECT_EQ(layout.output.count, 2) << group.name;
  }
}

TEST(GbLayout, BlocksNeverOverlapAndSumToTheTotal) {
  int cases = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ArchSpec arch = small_arch();
    arch.global_buffer.word_bytes = seed % 3 == 0 ? 8 : seed % 3 == 1 ? 16 : 24;
    arch.global_buffer.capacity = Bytes(seed % 2 == 0 ? 8192 : 16384);
    test_support::LayerOptions layer;
    test_support::EncoderOptions encoder;
    layer.seed = encoder.seed = seed;
    layer.random_mappings = encoder.random_mappings = true;
    for (auto method : test_support::all_layer_methods()) {
      expect_sound(factorised_layer(arch, method, layer).schedule, arch);
      ++cases;
    }
    expect_sound(encoder_layer(arch, encoder).schedule, arch);
  }
  EXPECT_EQ(cases, 200);
}

TEST(GbLayout, SlotsHoldTheLargestTileOfTheGroup) {
  test_support::LayerOptions options;
  options.resident_intermediates = true;
  const Schedule s = factorised_layer(small_arch(), test_support::LayerMethod::kSvd, options).schedule;
  const GbLayout layout = gb_layout(s.workload, s.plan.groups.front(), small_arch());
  std::int64_t weight = 0;
  for (const auto& node : s.plan.groups.front().nodes) {
    const Extents& tile = node.mapping.gb_tile;
    weight = std::max(weight, tile.b * tile.m * tile.k);
  }
  EXPECT_EQ(layout.weight.bytes, (weight + 15) / 16 * 16);
  const Extents& first = s.plan.groups.front().nodes[0].mapping.gb_tile;
  EXPECT_EQ(layout.input.bytes, (first.b * first.n * first.k + 15) / 16 * 16);  // the second node's input is resident
  EXPECT_EQ(layout.resident.size(), 1u);
}

TEST(GbLayout, ResidentShareIsTheStepsPartAndPinnedWithoutTheIndexIsWhole) {
  test_support::OneGemmOptions options;
  options.pin_weight = true;
  options.step = 2;
  const Schedule s = test_support::one_gemm(small_arch(), 1, 16, 8, 24, options).schedule;
  const FusedGroup& group = s.plan.groups.front();
  const spec::GemmNode& gemm = *s.workload.nodes.front().gemm;
  const spec::TensorId w = gemm.weight.tensor, x = gemm.input.tensor;
  EXPECT_TRUE(group.is_resident(w));
  EXPECT_FALSE(group.is_resident(x));
  EXPECT_EQ(resident_bytes(s.workload, group, w), 16 * 24);
  EXPECT_EQ(resident_bytes(s.workload, group, x), 2 * 24);
  EXPECT_EQ(gb_layout(s.workload, s.plan.groups.front(), small_arch()).weight.bytes, 0);
}

TEST(GbLayout, ResidualSharesTheInputSlot) {
  const Schedule with = test_support::layer_norm_block(small_arch(), true).schedule;
  const Schedule without = test_support::layer_norm_block(small_arch(), false).schedule;
  const std::int64_t rows = with.plan.groups.front().step;
  const auto round = [](std::int64_t bytes) { return (bytes + 15) / 16 * 16; };
  EXPECT_EQ(gb_layout(with.workload, with.plan.groups.front(), small_arch()).input.bytes, round(2 * rows * 37));
  EXPECT_EQ(gb_layout(without.workload, without.plan.groups.front(), small_arch()).input.bytes, round(rows * 37));
  EXPECT_EQ(gb_layout(with.workload, with.plan.groups.front(), small_arch()).output.bytes, round(rows * 37));
}

TEST(GbLayout, GroupsLieInTheLargestRoomBetweenHomes) {
  ArchSpec arch = small_arch();
  arch.global_buffer.capacity = Bytes(1000);  // 62 words of 16 bytes and 8 bytes over
  spec::Workload w;
  std::vector<spec::Home> homes;
  const auto add = [&](std::int64_t bytes, std::int64_t address) {
    spec::Tensor t;
    t.shape = {bytes};
    homes.push_back({w.tensors.push_back(t), bytes, 1, address});
  };
  EXPECT_EQ(largest_room(w, homes, arch).offset, 0);
  EXPECT_EQ(largest_room(w, homes, arch).bytes, 992);
  add(33, 160);  // three words, the last of them for one byte
  EXPECT_EQ(home_range(w, homes.front(), arch).bytes, 48);
  EXPECT_EQ(largest_room(w, homes, arch).offset, 208);
  EXPECT_EQ(largest_room(w, homes, arch).bytes, 992 - 208);
  add(16, 304);
  add(600, 384);
  EXPECT_EQ(largest_room(w, homes, arch).offset, 0);  // 0 to 160, 208 to 304, 320 to 384; 384 + 608 is the end
  EXPECT_EQ(largest_room(w, homes, arch).bytes, 160);
}

TEST(GbLayout, ShareOfAHomeIsThatOfTheLargestChiplet) {
  const ArchSpec arch = small_arch();
  spec::Workload w;
  spec::Tensor t;
  t.shape = {9, 20};
  const spec::TensorId id = w.tensors.push_back(t);
  const int chiplets = arch.chiplets();
  const std::int64_t values = (9 + chiplets - 1) / chiplets, word = arch.global_buffer.word_bytes;
  EXPECT_EQ(home_range(w, {id, 9, 0, 64}, arch).bytes, (values * 20 + word - 1) / word * word);
  EXPECT_EQ(home_range(w, {id, 9, 1, 64}, arch).bytes, (180 + word - 1) / word * word);
}

}  // namespace
}  // namespace heat::machines::simba
