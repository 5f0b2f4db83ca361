#include "offline/mapper/lower_path.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "spec/schedule_checks.h"

namespace heat::offline::mapper {
namespace {

using spec::Einsum;
using spec::LoopDim;
using spec::Schedule;
using Assignment = std::map<spec::Index, std::int64_t>;

LowerRequest request(const std::string& equation, Assignment sizes, std::vector<std::pair<int, int>> steps) {
  LowerRequest r;
  r.einsum = Einsum::parse(equation, std::move(sizes));
  r.path.steps = std::move(steps);
  for (std::size_t i = 0; i < r.einsum.operands.size(); ++i)
    r.operands.push_back({"op" + std::to_string(i), i == 0 ? spec::TensorKind::kInput : spec::TensorKind::kWeight, -1});
  r.layer = "layer";
  r.output_name = "y";
  r.output_kind = spec::TensorKind::kOutput;
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
  Schedule s;
  const LoweredPath lowered = lower_path(s, r);
  std::mt19937 rng(7);
  std::vector<Data> data;
  for (const auto& t : s.tensors) {
    Data d(static_cast<std::size_t>(t.bytes()), 0);
    if (t.kind == spec::TensorKind::kInput || t.kind == spec::TensorKind::kWeight)
      for (auto& x : d) x = static_cast<long>(rng() % 7) - 3;
    data.push_back(std::move(d));
  }
  const auto of = [&](int tensor) -> Data& { return data[static_cast<std::size_t>(tensor)]; };
  for (int n : lowered.nodes) {
    const auto& g = *s.nodes[static_cast<std::size_t>(n)].gemm;
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
  Schedule s;
  const auto r =
      request("tac,abr,rcd->tbd", {{"t", 3}, {"a", 4}, {"b", 5}, {"c", 2}, {"d", 6}, {"r", 3}}, {{1, 2}, {0, 1}});
  const LoweredPath lowered = lower_path(s, r);
  ASSERT_EQ(lowered.nodes.size(), 2u);
  for (const auto& d : s.nodes[0].gemm->output.dims) EXPECT_NE(d.index, "t");
  EXPECT_EQ(s.nodes[1].bound, LoopDim::kN);
  EXPECT_EQ(s.nodes[1].gemm->indices.n.front(), "t");
}

TEST(LowerPath, WhenOnlyTheTokenIsLeftBesideTheBatchThenTheTokensTakeTheLanes) {
  Schedule s;
  auto r = request("tbr,br->tr", {{"t", 384}, {"b", 12}, {"r", 280}}, {{0, 1}});
  lower_path(s, r);
  EXPECT_EQ(s.nodes[0].bound, LoopDim::kM);
  EXPECT_EQ(s.nodes[0].gemm->extents, (spec::Extents{280, 384, 1, 12}));
  r.exchange_roles = false;
  Schedule plain;
  lower_path(plain, r);
  EXPECT_EQ(plain.nodes[0].bound, LoopDim::kN);
  EXPECT_EQ(plain.nodes[0].gemm->extents, (spec::Extents{280, 1, 384, 12}));
}

TEST(LowerPath, IntermediatesHaveTheTokenOutermostAndTheConsumersReductionInnermost) {
  Schedule s;
  const auto r =
      request("tab,ar,br,or->to", {{"t", 5}, {"a", 3}, {"b", 4}, {"r", 6}, {"o", 7}}, {{0, 1}, {0, 2}, {0, 1}});
  const LoweredPath lowered = lower_path(s, r);
  ASSERT_EQ(lowered.intermediates.size(), 2u);
  const auto shape = [&](int i) {
    return s.tensors[static_cast<std::size_t>(lowered.intermediates[static_cast<std::size_t>(i)])].shape;
  };
  EXPECT_EQ(shape(0), (std::vector<std::int64_t>{5, 6, 4}));  // t r b: b is summed next
  EXPECT_EQ(shape(1), (std::vector<std::int64_t>{5, 6}));     // t r
  EXPECT_EQ(lowered.operands[3].order, (std::vector<spec::Index>{"o", "r"}));
}

TEST(LowerPath, StructureChecksAcceptTheResult) {
  Schedule s;
  s.file = "s.json";
  lower_path(s,
             request("tab,ar,br,or->to", {{"t", 8}, {"a", 3}, {"b", 4}, {"r", 6}, {"o", 7}}, {{0, 1}, {0, 2}, {0, 1}}));
  for (std::size_t n = 0; n < s.nodes.size(); ++n) {
    spec::FusedGroup group;
    group.name = "g" + std::to_string(n);
    group.index = "t";
    group.extent = group.step = 8;
    group.nodes = {static_cast<int>(n)};
    s.groups.push_back(group);
    s.nodes[n].gemm->mapping.gb_tile.k = s.nodes[n].gemm->extents.k;
  }
  base::Problems problems;
  spec::check_structure(s, problems);
  EXPECT_TRUE(problems.empty()) << (problems.empty() ? "" : problems.list().front());
}

TEST(LowerPath, WhenThePathDoesNotFitThenTheErrorNamesLayerAndEinsum) {
  Schedule s;
  try {
    lower_path(s, request("tc,oc->to", {{"t", 5}, {"c", 6}, {"o", 4}}, {{0, 3}}));
    FAIL() << "expected ConfigError";
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("tc,oc->to"), std::string::npos);
    EXPECT_NE(std::string(e.what()).find("layer"), std::string::npos);
  }
}

TEST(AssignDramAddresses, GivesDisjointAlignedRanges) {
  Schedule s;
  lower_path(s,
             request("tab,ar,br,or->to", {{"t", 5}, {"a", 3}, {"b", 4}, {"r", 6}, {"o", 7}}, {{0, 1}, {0, 2}, {0, 1}}));
  assign_dram_addresses(s);
  std::int64_t end = 0;
  ASSERT_EQ(s.tensors.size(), 7u);
  for (const auto& t : s.tensors) {
    EXPECT_EQ(t.dram_address % 64, 0);
    EXPECT_GE(t.dram_address, end);
    end = t.dram_address + t.bytes();
  }
}

}  // namespace
}  // namespace heat::offline::mapper
