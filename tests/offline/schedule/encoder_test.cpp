#include "offline/schedule/encoder.h"

#include <gtest/gtest.h>

#include <numeric>

#include "spec/schedule_checks.h"
#include "tests/offline/schedule/networks.h"

namespace heat::offline {
namespace {

using test::empty_forms;

const EncoderShape kBertBase{"bert-base", 1, 384, 768, 12, 3072};

TEST(Encoder, BertBaseBlockThenElevenNodesAndClosedFormMacs) {
  const LoweredEncoder lowered = lower_encoder(kBertBase, "dense", empty_forms());
  ASSERT_EQ(lowered.network.schedule.nodes.size(), 11u);
  std::int64_t macs = 0, gemms = 0;
  for (const spec::Node& n : lowered.network.schedule.nodes) {
    macs += n.macs();
    if (n.gemm) gemms += n.gemm->extents.b;
  }
  EXPECT_EQ(gemms, 30);            // 6 linear layers, 12 heads twice
  EXPECT_EQ(macs, 2'944'401'408);  // 4 S H^2 + 2 S H I + 2 S^2 H
}

TEST(Encoder, SegmentsThenEveryNodeOnceInOrder) {
  EncoderShape shape = kBertBase;
  shape.layers = 3;
  const LoweredEncoder lowered = lower_encoder(shape, "dense", empty_forms());
  int next = 0;
  for (const Segment& s : lowered.segments) {
    EXPECT_EQ(s.first, next);
    next += s.count;
  }
  EXPECT_EQ(next, 33);
  EXPECT_EQ(lowered.segments.size(), 7u);
}

class EncoderStructure : public testing::TestWithParam<AttentionLoop> {};

TEST_P(EncoderStructure, EveryViewThenInsideItsTensor) {
  EncoderShape shape{"small", 2, 10, 24, 3, 40};
  LoweredEncoder lowered = lower_encoder(shape, "dense", empty_forms(), GetParam());
  test::one_group_a_node(lowered.network.schedule);
  base::Problems problems;
  spec::check_structure(lowered.network.schedule, problems);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
}
INSTANTIATE_TEST_SUITE_P(Loops, EncoderStructure, testing::Values(AttentionLoop::kHeads, AttentionLoop::kTokens));

TEST(Addresses, AssignedThenAlignedDisjointAndGivenTensorsFirst) {
  LoweredEncoder lowered = lower_encoder({"small", 1, 10, 24, 3, 40}, "dense", empty_forms());
  spec::Schedule& schedule = lowered.network.schedule;
  schedule.tensors[5].home = spec::Home::kGlobalBuffer;
  assign_addresses(schedule);
  std::vector<const spec::Tensor*> tensors;
  for (const auto& t : schedule.tensors) {
    EXPECT_EQ(t.dram_address < 0, t.home == spec::Home::kGlobalBuffer) << t.name;
    if (t.dram_address >= 0) tensors.push_back(&t);
  }
  std::sort(tensors.begin(), tensors.end(), [](auto* a, auto* b) { return a->dram_address < b->dram_address; });
  bool given = true;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(tensors[i]->dram_address % 64, 0);
    if (i > 0) {
      EXPECT_GE(tensors[i]->dram_address, tensors[i - 1]->dram_address + tensors[i - 1]->bytes());
    }
    const bool is_given =
        tensors[i]->kind != spec::TensorKind::kIntermediate && tensors[i]->kind != spec::TensorKind::kOutput;
    EXPECT_TRUE(given || !is_given) << tensors[i]->name;
    given = is_given;
  }
}

TEST(Digits, CommonRefinementThenDivisorsOfBoth) {
  EXPECT_EQ(common_refinement({12, 64}, {24, 32}), (std::vector<std::int64_t>{12, 2, 32}));
  EXPECT_EQ(common_refinement({768}, {12, 64}), (std::vector<std::int64_t>{12, 64}));
  EXPECT_EQ(common_refinement({16, 48}, {12, 64}), std::nullopt);
  EXPECT_EQ(common_refinement({4, 1, 2}, {8}), (std::vector<std::int64_t>{4, 2}));
}

}  // namespace
}  // namespace heat::offline
