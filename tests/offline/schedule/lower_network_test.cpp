#include "offline/schedule/lower_network.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/errors.h"
#include "offline/network/graph_builder.h"
#include "spec/schedule_checks.h"
#include "tests/offline/schedule/networks.h"

namespace heat::offline {
namespace {

using test::empty_forms;

const NetworkLabel kBase{"base", "dense", 384};
const NetworkLabel kSmall{"small", "dense", 10};

TEST(LowerNetwork, BlockOfABaseEncoderThenElevenNodesAndClosedFormMacs) {
  const LoweredNetwork lowered = lower_network(test::encoder(1, 768, 12, 3072), kBase, empty_forms());
  ASSERT_EQ(lowered.network.schedule.nodes.size(), 11u);
  std::int64_t macs = 0, gemms = 0;
  for (const spec::Node& n : lowered.network.schedule.nodes) {
    macs += n.macs();
    if (n.gemm) gemms += n.gemm->extents.b;
  }
  EXPECT_EQ(gemms, 30);            // 6 linear layers, 12 heads twice
  EXPECT_EQ(macs, 2'944'401'408);  // 4 S H^2 + 2 S H I + 2 S^2 H
}

TEST(LowerNetwork, SegmentsThenEveryNodeOnceInOrder) {
  const LoweredNetwork lowered = lower_network(test::encoder(3, 768, 12, 3072), kBase, empty_forms());
  int next = 0;
  for (const Segment& s : lowered.segments) {
    EXPECT_EQ(s.first, next);
    next += s.count;
  }
  EXPECT_EQ(next, 33);
  EXPECT_EQ(lowered.segments.size(), 7u);
}

class LoweredStructure : public testing::TestWithParam<AttentionLoop> {};

TEST_P(LoweredStructure, EveryViewThenInsideItsTensor) {
  LoweredNetwork lowered = lower_network(test::encoder(2, 24, 3, 40), kSmall, empty_forms(), GetParam());
  test::one_group_a_node(lowered.network.schedule);
  base::Problems problems;
  spec::check_structure(lowered.network.schedule, problems);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
}
INSTANTIATE_TEST_SUITE_P(Loops, LoweredStructure, testing::Values(AttentionLoop::kHeads, AttentionLoop::kTokens));

// A tensor of the lowered network by its name's end.
const spec::Tensor& tensor(const LoweredNetwork& lowered, const std::string& end) {
  for (const spec::Tensor& t : lowered.network.schedule.tensors)
    if (t.name.ends_with(end)) return t;
  throw std::logic_error("no tensor " + end);
}

// What a product sums over lies innermost, what the group's loop runs over outermost.
TEST(LowerNetwork, LayoutsFollowTheReaders) {
  using Sizes = std::vector<std::int64_t>;
  const Graph graph = test::encoder(1, 24, 3, 40);
  const LoweredNetwork heads = lower_network(graph, kSmall, empty_forms(), AttentionLoop::kHeads),
                       tokens = lower_network(graph, kSmall, empty_forms(), AttentionLoop::kTokens);
  EXPECT_EQ(tensor(heads, "query.out").shape, (Sizes{3, 10, 8}));
  EXPECT_EQ(tensor(tokens, "query.out").shape, (Sizes{10, 3, 8}));
  for (const LoweredNetwork* each : {&heads, &tokens}) {
    EXPECT_EQ(tensor(*each, "key.out").shape, (Sizes{3, 10, 8}));
    EXPECT_EQ(tensor(*each, "value.out").shape, (Sizes{3, 8, 10}));
    EXPECT_EQ(tensor(*each, "context.out").shape, (Sizes{10, 24}));
  }
  EXPECT_EQ(tensor(heads, "scores.out").shape, (Sizes{3, 10, 10}));
  EXPECT_EQ(tensor(tokens, "softmax.out").shape, (Sizes{10, 3, 10}));
}

// Queries and keys of two token axes cannot be told apart by a length the machine has not been given.
TEST(LowerNetwork, AnotherRuntimeAxisThenError) {
  GraphBuilder b("net.");
  const ValueId x = b.embedding("words", op::RowOf::kToken, 5, {"hidden", 6});
  b.begin_body(x, "input");
  const ValueId y = b.linear("dense", x, {{"hidden", 6}});
  b.end_body();
  b.graph().sequence = y;
  Graph graph = b.finish();
  for (Value& v : graph.values)
    for (Axis& a : v.axes)
      if (a.name == "tokens") a.name = "pictures";
  try {
    lower_network(graph, kSmall, empty_forms());
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_STREQ(e.what(),
                 "'input': the machine cannot run the axis 'pictures', whose length is not that of the tokens");
  }
}

TEST(Addresses, AssignedThenAlignedDisjointAndGivenTensorsFirst) {
  LoweredNetwork lowered = lower_network(test::encoder(1, 24, 3, 40), kSmall, empty_forms());
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
