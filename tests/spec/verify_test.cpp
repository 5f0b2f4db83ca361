// Schedules that every single field allows and that compute something else than they say: each is refused with file,
// nodes and tensors. What the builder makes is sound, so each test breaks one promise of spec/verify.h.
#include "spec/verify.h"

#include <gtest/gtest.h>

#include <functional>

#include "spec/group_order.h"
#include "spec/schedule_checks.h"
#include "tests/support/sample_schedules.h"

namespace heat::spec {
namespace {

using test_support::Home;
using test_support::ScheduleBuilder;
using test_support::small_arch;

std::vector<std::string> problems_of(Schedule schedule) {
  schedule.file = "s.json";
  base::Problems problems;
  check_structure(schedule, problems);
  return problems.list();
}

void expect_one(const Schedule& schedule, const std::string& text) {
  const auto problems = problems_of(schedule);
  ASSERT_EQ(problems.size(), 1u) << testing::PrintToString(problems);
  EXPECT_EQ(problems.front(), text);
}

// Two linear layers one behind the other, "first" (x -> a) and "second" (a -> y), over tokens t.
struct TwoLayers {
  bool one_group = true;
  Home home = Home::kDram;
  std::vector<Index> second_reads{"t", "r"};  // labels under which it sees a

  Schedule schedule() const {
    ScheduleBuilder b(small_arch(), 1);
    b.sizes({{"t", 4}, {"s", 4}, {"r", 4}, {"c", 6}, {"o", 5}});
    const TensorId x = b.tensor("x", TensorKind::kInput, {"t", "c"}),
                   w = b.tensor("w", TensorKind::kWeight, {"r", "c"});
    const TensorId v = b.tensor("v", TensorKind::kWeight, {"o", "r"});
    const TensorId a = b.tensor("a", TensorKind::kIntermediate, {"t", "r"}, home);
    const TensorId y = b.tensor("y", TensorKind::kOutput, {"t", "o"});
    b.group("one", "t", 1);
    b.gemm("first", {w, {"r", "c"}}, {x, {"t", "c"}}, {a, {"t", "r"}});
    if (!one_group) b.group("two", "t", 1);
    b.gemm("second", {v, {"o", "r"}}, {a, second_reads}, {y, {"t", "o"}});
    return b.build().schedule;
  }
};

TEST(Verify, SoundSchedulesThenNoProblem) {
  for (bool one_group : {true, false}) EXPECT_TRUE(problems_of(TwoLayers{one_group}.schedule()).empty());
  EXPECT_TRUE(problems_of(TwoLayers{true, Home::kGlobalBuffer}.schedule()).empty());
  for (const auto method : test_support::all_layer_methods())
    EXPECT_TRUE(problems_of(test_support::factorised_layer(small_arch(), method).schedule).empty());
}

TEST(Verify, WeightThatTheSameGroupMakesReadWholeThenRefused) {
  ScheduleBuilder b(small_arch(), 1);
  b.sizes({{"t", 9}, {"s", 9}, {"r", 4}, {"c", 6}});
  const TensorId x = b.tensor("x", TensorKind::kInput, {"t", "c"}), w = b.tensor("w", TensorKind::kWeight, {"r", "c"});
  const TensorId a = b.tensor("a", TensorKind::kIntermediate, {"t", "r"});
  const TensorId z = b.tensor("z", TensorKind::kInput, {"t", "r"}), y = b.tensor("y", TensorKind::kOutput, {"t", "s"});
  b.group("g", "t", 1);
  b.gemm("first", {w, {"r", "c"}}, {x, {"t", "c"}}, {a, {"t", "r"}});
  b.gemm("second", {a, {"s", "r"}}, {z, {"t", "r"}}, {y, {"t", "s"}});
  expect_one(
      b.build().schedule,
      "s.json: node 'second': reads tensor 'a', which node 'first' of the same group 'g' writes divided by index "
      "'t' (9 values over chiplets and steps), by a view that is not divided by it");
}

TEST(Verify, TransposedReadInTheSameGroupThenRefusedWithTheFirstStrayByte) {
  TwoLayers layers;
  layers.second_reads = {"r", "t"};
  expect_one(layers.schedule(),
             "s.json: node 'second': reads tensor 'a', which node 'first' of the same group 'one' writes divided by "
             "index 't' (4 values over chiplets and steps), across its values: at t = 1 it reads byte 1, written "
             "at t = 0");
  layers.one_group = false;  // then everything is there
  EXPECT_TRUE(problems_of(layers.schedule()).empty());
}

TEST(Verify, OutputWithStrideZeroOrOverlappingThenRefused) {
  Schedule s = TwoLayers{false}.schedule();
  s.workload.nodes[NodeId(1)].gemm->output.dims[0].stride = 0;
  expect_one(s,
             "s.json: node 'second': output: does not write every byte of tensor 'y' once: index 'o' of size 5 has "
             "stride 0 where 1 would name every byte once");
  s.workload.nodes[NodeId(1)].gemm->output.dims[0].stride = 1;
  s.workload.nodes[NodeId(1)].gemm->output.dims[1].stride = 4;
  expect_one(s,
             "s.json: node 'second': output: does not write every byte of tensor 'y' once: index 't' of size 4 has "
             "stride 4 where 5 would name every byte once");
}

TEST(Verify, OutputPartlyWrittenThenRefused) {
  Schedule s = TwoLayers{false}.schedule();
  s.workload.tensors[TensorId(4)].shape = {5, 5};
  s.plan.dram_addresses[TensorId(4)] += 4096;  // room for the larger tensor
  expect_one(s, "s.json: node 'second': output: does not write every byte of tensor 'y' once: it names 20 of 25 bytes");
}

TEST(Verify, TensorWrittenTwiceOrOutputByNobodyThenRefused) {
  Schedule s = TwoLayers{false}.schedule();
  s.workload.tensors[TensorId(3)].shape = {4, 5};
  s.workload.nodes[NodeId(1)].gemm->output.tensor = TensorId(3);
  s.workload.nodes[NodeId(1)].gemm->input.tensor = TensorId(0);  // any bytes
  const auto problems = problems_of(s);
  ASSERT_EQ(problems.size(), 3u) << testing::PrintToString(problems);
  EXPECT_EQ(problems[0],
            "s.json: node 'first': output: does not write every byte of tensor 'a' once: it names 16 of 20 bytes");
  EXPECT_EQ(problems[1], "s.json: node 'second': writes tensor 'a', which node 'first' wrote before");
  EXPECT_EQ(problems[2], "s.json: tensor 'y': is an output that no node writes");
}

TEST(Verify, EmptyScheduleThenRefused) {
  Schedule s;
  const auto problems = problems_of(s);
  ASSERT_EQ(problems.size(), 1u) << testing::PrintToString(problems);
  EXPECT_EQ(problems.front(), "s.json: the schedule is empty: it has no nodes");
}

TEST(Verify, ResidentTensorDividedForOneNodeAndWholeForAnotherThenRefused) {
  ScheduleBuilder b(small_arch(), 1);
  b.sizes({{"t", 6}, {"s", 6}, {"c", 4}});
  const TensorId x = b.tensor("x", TensorKind::kInput, {"t", "c"}), w = b.tensor("w", TensorKind::kWeight, {"c", "c"});
  const TensorId y = b.tensor("y", TensorKind::kOutput, {"t", "s"});
  static_cast<void>(w);
  b.group("g", "t", 1);
  b.gemm("scores", {x, {"s", "c"}}, {x, {"t", "c"}}, {y, {"t", "s"}});
  Schedule s = b.build().schedule;
  EXPECT_TRUE(problems_of(s).empty());
  s.plan.groups[GroupId(0)].pinned = {x};
  expect_one(s,
             "s.json: group 'g': tensor 'x' is in the global buffer and node 'scores' sees it divided by index 't', "
             "node 'scores' does not");
  s.plan.groups[GroupId(0)].pinned = {w, w};
  expect_one(s, "s.json: group 'g': lists tensor 'w' twice");
}

TEST(Verify, PinnedTensorThatItsGroupWritesThenRefused) {
  Schedule s = TwoLayers{true}.schedule();
  s.plan.groups[GroupId(0)].pinned = {TensorId(3)};
  expect_one(s, "s.json: node 'first': writes tensor 'a', which its group 'one' pins: only to read");
}

TEST(Verify, DramRangesThatOverlapWhileAliveThenRefused) {
  Schedule s = TwoLayers{false}.schedule();
  auto& address = s.plan.dram_addresses;
  const std::int64_t before = address[TensorId(3)];
  address[TensorId(3)] = address[TensorId(2)];  // a over v, which "two" reads
  const auto at = [](std::int64_t from, std::int64_t bytes) {
    return "DRAM bytes " + std::to_string(from) + " to " + std::to_string(from + bytes);
  };
  const std::int64_t v = address[TensorId(2)];
  expect_one(s,
             "s.json: tensor 'v': " + at(v, 20) + ", alive from the start to group 'two' overlaps tensor 'a', " +
                 at(v, 16) +
                 ", alive from group 'one' to group 'two'; only tensors that are never alive together may share bytes");
  address[TensorId(3)] = before + 7;
  EXPECT_EQ(problems_of(s).front(),
            "s.json: tensor 'a': DRAM address " + std::to_string(before + 7) + " is no multiple of 64");
}

// x -> a -> b' -> y in three groups: y may take a's bytes only where "third" waits for "second" on every chiplet.
Schedule three_layers(bool third_reads_second) {
  ScheduleBuilder b(small_arch(), 1);
  b.sizes({{"t", 8}, {"c", 6}, {"o", 6}});
  const TensorId x = b.tensor("x", TensorKind::kInput, {"t", "c"}), w = b.tensor("w", TensorKind::kWeight, {"o", "c"});
  const TensorId a = b.tensor("a", TensorKind::kIntermediate, {"t", "o"});
  const TensorId c = b.tensor("b", TensorKind::kIntermediate, {"t", "o"}),
                 y = b.tensor("y", TensorKind::kOutput, {"t", "o"});
  b.group("one", "t", 1);
  b.gemm("first", {w, {"o", "c"}}, {x, {"t", "c"}}, {a, {"t", "o"}});
  b.group("two", "t", 1);
  b.gemm("second", {w, {"o", "c"}}, {a, {"t", "c"}}, {c, {"t", "o"}});
  b.group("three", "t", 1);
  b.gemm("third", {w, {"o", "c"}}, {third_reads_second ? c : x, {"t", "c"}}, {y, {"t", "o"}});
  Schedule s = b.build().schedule;
  s.plan.dram_addresses[y] = s.plan.dram_addresses[a];
  return s;
}

TEST(Verify, BytesTakenOverThenTheWriterMustWaitForTheLastReaders) {
  EXPECT_TRUE(problems_of(three_layers(true)).empty());
  const Schedule racing = three_layers(false);
  const auto problems = problems_of(racing);
  ASSERT_EQ(problems.size(), 1u) << testing::PrintToString(problems);
  EXPECT_NE(problems.front().find("tensor 'y'"), std::string::npos);
  EXPECT_NE(problems.front().find("takes the bytes of tensor 'a'"), std::string::npos);
  EXPECT_NE(
      problems.front().find("alive from group 'one' to group 'two'; node 'third' that writes it waits for no result "
                            "of that group or a later one"),
      std::string::npos)
      << problems.front();
}

TEST(GroupOrder, NodesThenInheritTheWaitsOfWhatTheyRead) {
  const Schedule s = test_support::encoder_layer(small_arch()).schedule;
  const GroupOrder order(s.workload, s.plan);
  IdVector<NodeId, GroupId> group(s.workload.nodes.size());
  for (GroupId g : s.plan.groups.ids())
    for (const PlannedNode& n : s.plan.groups[g].nodes) group[n.node] = g;
  std::map<std::string, NodeId> named;
  for (NodeId n : s.workload.nodes.ids()) named[s.workload.nodes[n].name] = n;
  EXPECT_EQ(order.over_before(named.at("query")), -1);
  EXPECT_EQ(order.over_before(named.at("value")), -1);
  EXPECT_EQ(order.over_before(named.at("scores")), group[named.at("key")].value);
  EXPECT_EQ(order.over_before(named.at("softmax")), group[named.at("key")].value);  // by way of the scores
  EXPECT_EQ(order.over_before(named.at("context")), group[named.at("value")].value);
}

TEST(Verify, SeveralMistakesOfSeveralKindsThenAllReported) {
  Schedule s = TwoLayers{false}.schedule();
  s.workload.nodes[NodeId(0)].gemm->output.dims[0].stride = 0;              // a, of data flow
  s.workload.nodes[NodeId(1)].gemm->epilogue.n_channels = 3;                // of the workload
  s.plan.groups[GroupId(1)].nodes[0].mapping.pe_tile.k = 99;                // of the plan
  s.plan.dram_addresses[TensorId(2)] = s.plan.dram_addresses[TensorId(1)];  // v over w
  std::string all;
  for (const std::string& p : problems_of(s)) all += p + "\n";
  for (const char* expected :
       {"node 'first': output: does not write", "node 'second': n_channels 3", "pe_tile.k", "tensor 'w': DRAM bytes"})
    EXPECT_NE(all.find(expected), std::string::npos) << expected << " in\n" << all;
}

}  // namespace
}  // namespace heat::spec
