#include "offline/schedule/lower_network.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
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
  ASSERT_EQ(lowered.network.workload.nodes.size(), 11u);
  std::int64_t macs = 0, gemms = 0;
  for (const spec::Node& n : lowered.network.workload.nodes) {
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
    EXPECT_EQ(s.first, spec::NodeId(next));
    next += s.count;
  }
  EXPECT_EQ(next, 33);
  EXPECT_EQ(lowered.segments.size(), 7u);
}

class LoweredStructure : public testing::TestWithParam<AttentionLoop> {};

TEST_P(LoweredStructure, EveryViewThenInsideItsTensor) {
  LoweredNetwork lowered = lower_network(test::encoder(2, 24, 3, 40), kSmall, empty_forms(), {GetParam(), 1});
  base::Problems problems;
  spec::check_structure(test::one_group_a_node(lowered.network), problems);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
}
INSTANTIATE_TEST_SUITE_P(Loops, LoweredStructure, testing::Values(AttentionLoop::kHeads, AttentionLoop::kTokens));

// One mask for all layers, behind everything that there is without it.
TEST(LowerNetwork, MaskedThenOneInputMoreThatEverySoftmaxReads) {
  NetworkLabel masked = kSmall;
  masked.masked = true;
  const Graph graph = test::encoder(2, 24, 3, 40);
  for (AttentionLoop loop : {AttentionLoop::kHeads, AttentionLoop::kTokens}) {
    const LoweredNetwork with = lower_network(graph, masked, empty_forms(), {loop, 1}),
                         without = lower_network(graph, kSmall, empty_forms(), {loop, 1});
    const spec::Workload& workload = with.network.workload;
    EXPECT_FALSE(without.network.mask);
    ASSERT_EQ(workload.tensors.size(), without.network.workload.tensors.size() + 1);
    EXPECT_EQ(with.network.mask.value + 1, static_cast<std::int32_t>(workload.tensors.size()));
    const spec::Tensor& mask = workload.tensors[with.network.mask];
    EXPECT_EQ(mask.name, "padding_mask");
    EXPECT_EQ(mask.kind, spec::TensorKind::kInput);
    EXPECT_EQ(mask.shape, std::vector<std::int64_t>{10});
    int softmaxes = 0;
    for (const spec::Node& n : workload.nodes) {
      const bool softmax = n.vector && n.vector->op == spec::VectorOp::kSoftmax;
      if (n.vector) {
        EXPECT_EQ(n.vector->mask, softmax ? with.network.mask : spec::TensorId()) << n.name;
      }
      softmaxes += softmax;
    }
    EXPECT_EQ(softmaxes, 2);
    base::Problems problems;
    spec::check_structure(test::one_group_a_node(with.network), problems);
    EXPECT_EQ(problems.list(), std::vector<std::string>{});
    spec::Workload same = workload;
    for (spec::Node& n : same.nodes)
      if (n.vector) n.vector->mask = {};
    EXPECT_EQ(spec::to_json(same)["nodes"], spec::to_json(without.network.workload)["nodes"]);
  }
}

// A tensor of the lowered network by its name's end.
const spec::Tensor& tensor(const LoweredNetwork& lowered, const std::string& end) {
  for (const spec::Tensor& t : lowered.network.workload.tensors)
    if (t.name.ends_with(end)) return t;
  throw std::logic_error("no tensor " + end);
}

// What a product sums over lies innermost, what the group's loop runs over outermost.
TEST(LowerNetwork, LayoutsFollowTheReaders) {
  using Sizes = std::vector<std::int64_t>;
  const Graph graph = test::encoder(1, 24, 3, 40);
  const LoweredNetwork heads = lower_network(graph, kSmall, empty_forms(), {AttentionLoop::kHeads, 1}),
                       tokens = lower_network(graph, kSmall, empty_forms(), {AttentionLoop::kTokens, 1});
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
  const LoweredNetwork lowered = lower_network(test::encoder(1, 24, 3, 40), kSmall, empty_forms());
  const spec::Workload& workload = lowered.network.workload;
  const spec::TensorId kept(5);
  spec::Plan plan;
  spec::FusedGroup group;
  group.in_global_buffer = {kept};
  plan.groups.push_back(group);
  assign_addresses(workload, plan);
  EXPECT_EQ(plan.dram_addresses[kept], -1);
  std::vector<spec::TensorId> placed;
  for (spec::TensorId t : workload.tensors.ids())
    if (t != kept) placed.push_back(t);
  std::sort(placed.begin(), placed.end(),
            [&](auto a, auto b) { return plan.dram_addresses[a] < plan.dram_addresses[b]; });
  EXPECT_EQ(plan.dram_addresses[placed.front()], 0);
  std::int64_t end = 0;
  bool given = true;
  for (spec::TensorId t : placed) {
    EXPECT_EQ(plan.dram_addresses[t] % 64, 0);
    EXPECT_GE(plan.dram_addresses[t], end) << workload.tensors[t].name;
    EXPECT_TRUE(given || !workload.tensors[t].is_given()) << workload.tensors[t].name;
    end = plan.dram_addresses[t] + workload.tensors[t].bytes();
    given = workload.tensors[t].is_given();
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
