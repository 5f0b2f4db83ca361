#include "offline/schedule/lower_path.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "offline/schedule/addresses.h"
#include "spec/schedule_checks.h"

namespace heat::offline {
namespace {

using spec::Einsum;
using spec::LoopDim;
using spec::Workload;
using Assignment = std::map<spec::Index, std::int64_t>;

LowerRequest request(const std::string& equation, Assignment sizes, std::vector<std::pair<int, int>> steps) {
  LowerRequest r;
  r.einsum = Einsum::parse(equation, std::move(sizes));
  r.path.steps = std::move(steps);
  for (std::size_t i = 0; i < r.einsum.operands.size(); ++i)
    r.operands.push_back({"op" + std::to_string(i), i == 0 ? spec::TensorKind::kInput : spec::TensorKind::kWeight, {}});
  r.layer = "layer";
  r.output_name = "y";
  r.output_kind = spec::TensorKind::kOutput;
  r.grain = {1, 16, 1, 16};
  return r;
}

using Data = std::vector<long>;  // values of a tensor by byte offset

std::size_t offset(const spec::TensorView& view, const Assignment& at) {
  std::int64_t o = 0;
  for (const auto& d : view.dims) o += at.at(d.index) * d.stride;
  return static_cast<std::size_t>(o);
}

// Calls `body` with every assignment of the indices.
void for_all(const Assignment& sizes, const std::function<void(const Assignment&)>& body) {
  Assignment at;
  for (const auto& [i, n] : sizes) at[i] = 0;
  while (true) {
    body(at);
    auto it = at.begin();
    while (it != at.end() && ++it->second == sizes.at(it->first)) (it++)->second = 0;
    if (it == at.end()) return;
  }
}

// Runs the lowered nodes by their views on integers and compares with the einsum's definition.
void expect_equal_to_einsum(const LowerRequest& r) {
  Workload w;
  const LoweredPath lowered = lower_path(w, r);
  std::mt19937 rng(7);
  spec::IdVector<spec::TensorId, Data> data;
  for (const auto& t : w.tensors) {
    Data d(static_cast<std::size_t>(t.bytes()), 0);
    if (t.kind == spec::TensorKind::kInput || t.kind == spec::TensorKind::kWeight)
      for (auto& x : d) x = static_cast<long>(rng() % 7) - 3;
    data.push_back(std::move(d));
  }
  const auto of = [&](spec::TensorId tensor) -> Data& { return data[tensor]; };
  for (const mapper::ChainNode& n : lowered.nodes) {
    const auto& g = *w.nodes[n.node].gemm;
    Assignment sizes;
    for (const auto* view : {&g.weight, &g.input})
      for (const auto& d : view->dims) sizes[d.index] = d.size;
    for_all(sizes, [&](const Assignment& at) {
      of(g.output.tensor)[offset(g.output, at)] +=
          of(g.weight.tensor)[offset(g.weight, at)] * of(g.input.tensor)[offset(g.input, at)];
    });
  }
  Data expected(of(lowered.output).size(), 0);
  const auto dense = [&](const std::vector<spec::Index>& order, const Assignment& at) {
    std::int64_t o = 0;
    for (const auto& i : order) o = o * r.einsum.sizes.at(i) + at.at(i);
    return static_cast<std::size_t>(o);
  };
  for_all(r.einsum.sizes, [&](const Assignment& at) {
    long product = 1;
    for (const auto& op : lowered.operands) product *= of(op.tensor)[dense(op.order, at)];
    expected[dense(r.einsum.output, at)] += product;
  });
  EXPECT_EQ(of(lowered.output), expected) << r.einsum.text();
}

TEST(LowerPath, NodesComputeTheEinsum) {
  expect_equal_to_einsum(request("tc,oc->to", {{"t", 5}, {"c", 6}, {"o", 4}}, {}));
  expect_equal_to_einsum(
      request("tab,ar,br,or->to", {{"t", 5}, {"a", 3}, {"b", 4}, {"r", 6}, {"o", 7}}, {{0, 1}, {0, 2}, {0, 1}}));
  expect_equal_to_einsum(
      request("tc,ar,br,cr->tab", {{"t", 5}, {"a", 3}, {"b", 4}, {"r", 6}, {"c", 7}}, {{0, 3}, {0, 2}, {0, 1}}));
  expect_equal_to_einsum(request("tc,pqr,cr,ap,bq->tab",
                                 {{"t", 3}, {"a", 4}, {"b", 5}, {"c", 6}, {"p", 2}, {"q", 3}, {"r", 4}},
                                 {{0, 2}, {0, 3}, {0, 2}, {0, 1}}));
  // Tensor train: the cores are contracted first, without the token.
  expect_equal_to_einsum(
      request("tac,abr,rcd->tbd", {{"t", 3}, {"a", 4}, {"b", 5}, {"c", 2}, {"d", 6}, {"r", 3}}, {{1, 2}, {0, 1}}));
}

TEST(LowerPath, WhenAStepDoesNotHoldTheTokenThenItComesFirstAndBindsItsOwnIndex) {
  Workload w;
  const auto r =
      request("tac,abr,rcd->tbd", {{"t", 3}, {"a", 4}, {"b", 5}, {"c", 2}, {"d", 6}, {"r", 3}}, {{1, 2}, {0, 1}});
  const LoweredPath lowered = lower_path(w, r);
  ASSERT_EQ(lowered.nodes.size(), 2u);
  for (const auto& d : w.nodes[lowered.nodes[0].node].gemm->output.dims) EXPECT_NE(d.index, "t");
  EXPECT_EQ(lowered.nodes[1].bound, LoopDim::kN);
  EXPECT_EQ(w.nodes[lowered.nodes[1].node].gemm->indices.n.front(), "t");
}

TEST(LowerPath, WhenOnlyTheTokenIsLeftBesideTheBatchThenTheTokensTakeTheLanes) {
  auto r = request("tbr,br->tr", {{"t", 384}, {"b", 12}, {"r", 280}}, {{0, 1}});
  Workload w;
  EXPECT_EQ(lower_path(w, r).nodes[0].bound, LoopDim::kM);
  EXPECT_EQ(w.nodes.front().gemm->extents, (spec::Extents{280, 384, 1, 12}));
  // A feature's bias belongs to a channel: the tokens must stay where they are streamed.
  r.features_are_channels = true;
  Workload biased;
  EXPECT_EQ(lower_path(biased, r).nodes[0].bound, LoopDim::kN);
  EXPECT_EQ(biased.nodes.front().gemm->extents, (spec::Extents{280, 1, 384, 12}));
}

// Six features on four lanes take two turns a token; thirty tokens on four lanes eight turns a feature. On sixteen lanes
// six features take one turn a token, thirty tokens two a feature: only there is an exchange worth it.
TEST(LowerPath, WhenTheMachineHasMoreLanesThenAnExchangeOfRolesMayPay) {
  auto r = request("tk,mk->tm", {{"t", 30}, {"k", 8}, {"m", 6}}, {{0, 1}});
  for (const auto& [lanes, bound] : {std::pair(4, LoopDim::kN), std::pair(16, LoopDim::kM)}) {
    r.grain = {1, lanes, 1, 16};
    Workload w;
    EXPECT_EQ(lower_path(w, r).nodes[0].bound, bound) << lanes;
  }
}

TEST(LowerPath, IntermediatesHaveTheTokenOutermostAndTheConsumersReductionInnermost) {
  Workload w;
  const auto r =
      request("tab,ar,br,or->to", {{"t", 5}, {"a", 3}, {"b", 4}, {"r", 6}, {"o", 7}}, {{0, 1}, {0, 2}, {0, 1}});
  const LoweredPath lowered = lower_path(w, r);
  ASSERT_EQ(lowered.intermediates.size(), 2u);
  const auto shape = [&](int i) { return w.tensors[lowered.intermediates[static_cast<std::size_t>(i)]].shape; };
  EXPECT_EQ(shape(0), (std::vector<std::int64_t>{5, 6, 4}));  // t r b: b is summed next
  EXPECT_EQ(shape(1), (std::vector<std::int64_t>{5, 6}));     // t r
  EXPECT_EQ(lowered.operands[3].order, (std::vector<spec::Index>{"o", "r"}));
}

TEST(LowerPath, StructureChecksAcceptTheResult) {
  spec::Schedule s;
  s.file = "s.json";
  const LoweredPath lowered = lower_path(
      s.workload,
      request("tab,ar,br,or->to", {{"t", 8}, {"a", 3}, {"b", 4}, {"r", 6}, {"o", 7}}, {{0, 1}, {0, 2}, {0, 1}}));
  for (const mapper::ChainNode& n : lowered.nodes) {
    spec::FusedGroup group;
    group.name = "g" + std::to_string(n.node.value);
    group.index = "t";
    group.extent = group.step = 8;
    group.nodes = {{n.node, n.bound, {}, {}}};
    group.nodes[0].mapping.gb_tile.k = s.workload.nodes[n.node].gemm->extents.k;
    s.plan.groups.push_back(group);
  }
  assign_addresses(s.workload, s.plan);
  base::Problems problems;
  spec::check_structure(s, problems);
  EXPECT_TRUE(problems.empty()) << (problems.empty() ? "" : problems.list().front());
}

TEST(LowerPath, WhenThePathDoesNotFitThenTheErrorNamesLayerAndEinsum) {
  Workload w;
  try {
    lower_path(w, request("tc,oc->to", {{"t", 5}, {"c", 6}, {"o", 4}}, {{0, 3}}));
    FAIL() << "expected ConfigError";
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("tc,oc->to"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("layer"), std::string::npos);
  }
}

}  // namespace
}  // namespace heat::offline
