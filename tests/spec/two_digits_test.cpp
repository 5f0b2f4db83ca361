// Dims of a view that count in two digits.
#include <gtest/gtest.h>

#include <filesystem>

#include "spec/schedule.h"
#include "tests/support/sample_schedules.h"

namespace heat::spec {
namespace {

// One whose digits step as one names the same elements as a plain dim; it is written and read as it is.
TEST(TwoDigits, InAScheduleThenTheySurviveTheJson) {
  const std::string folder = test_support::temporary_folder();
  test_support::BuiltSchedule built = test_support::encoder_layer(test_support::small_arch());
  ViewDim& d = built.schedule.workload.nodes[NodeId(0)].gemm->weight.dims.front();
  const ViewDim plain = d;
  ASSERT_EQ(d.size % 2, 0);
  d = {plain.index, plain.size, 2 * plain.stride, 2, plain.stride};
  const Schedule back = Schedule::load(test_support::write_schedule(built, folder));
  EXPECT_EQ(to_json(back.workload), to_json(built.schedule.workload));
  const ViewDim& read = back.workload.nodes[NodeId(0)].gemm->weight.dims.front();
  EXPECT_EQ(read.inner, 2);
  EXPECT_EQ(read.inner_stride, plain.stride);
  std::filesystem::remove_all(folder);
}

TEST(TwoDigits, ThatStepAsOneThenOneDigit) {
  EXPECT_EQ(two_digits("x", 3, 20, 4, 5).inner, 1);
  EXPECT_EQ(two_digits("x", 3, 20, 4, 5).stride, 5);
  EXPECT_EQ(two_digits("x", 3, 20, 4, 5).size, 12);
  EXPECT_EQ(two_digits("x", 1, 99, 4, 5).stride, 5);
  EXPECT_EQ(two_digits("x", 3, 20, 4, 0).inner, 4);
  EXPECT_EQ(two_digits("x", 3, 20, 1, 0).size, 3);
  EXPECT_EQ(digits({"x", 12, 20, 4, 3}).size(), 2u);
  EXPECT_EQ(digits({"x", 12, 20}).size(), 1u);
}

// A home's outer digit outermost: 3 heads of 5 bytes, each for 4 blocks.
TEST(TwoDigits, OfAnOperandThatStaysThenItsOuterDigitIsOutermost) {
  const TensorView keys{TensorId(0), {two_digits("h.t", 3, 5, 4, 0), {"s", 5, 1}}};
  EXPECT_TRUE(outer_is_outermost(keys, "h.t", 3, 15));
  EXPECT_FALSE(outer_is_outermost(keys, "h.t", 12, 15));
  EXPECT_FALSE(outer_is_outermost(keys, "h.t", 3, 16));
  EXPECT_FALSE(is_outermost(keys, "h.t", 12, 15));
  const TensorView apart{TensorId(0), {two_digits("h.t", 3, 5, 4, 1), {"s", 1, 1}}};
  EXPECT_FALSE(outer_is_outermost(apart, "h.t", 3, 15));
}

// In place only where every chiplet's share of the values is what its share of the home stands for.
TEST(TwoDigits, OfAHomeThenInPlaceWhereSharesAreAlike) {
  Workload w;
  Tensor keys;
  keys.kind = TensorKind::kIntermediate;
  keys.shape = {6, 5};
  const TensorId t = w.tensors.push_back(keys);
  Tensor other;
  other.shape = {12, 5};
  const TensorId x = w.tensors.push_back(other), y = w.tensors.push_back(other);
  Node node;
  node.gemm.emplace();
  node.gemm->weight = {t, {two_digits("h.t", 6, 5, 2, 0), {"k", 5, 1}}};
  node.gemm->input = {x, {{"h.t", 12, 5}, {"k", 5, 1}}};
  node.gemm->output = {y, {{"h.t", 12, 1}}};
  const NodeId n = w.nodes.push_back(node);
  FusedGroup group;
  group.index = "h.t";
  group.extent = 12;
  group.nodes = {{n, LoopDim::kB, {}, {}}};
  for (int chiplets : {1, 2, 3, 4, 5, 6, 7}) {
    group.chiplets = chiplets;
    Home home{t, 6, chiplets, 0};
    const int share = (12 + chiplets - 1) / chiplets, heads = (6 + chiplets - 1) / chiplets;
    EXPECT_EQ(suits_home(w, group, home), share == 2 * heads) << chiplets;
    group.nodes.front().bound = LoopDim::kN;
    EXPECT_FALSE(suits_home(w, group, home)) << chiplets;
    group.nodes.front().bound = LoopDim::kB;
    home.chiplets = 0;
    EXPECT_FALSE(suits_home(w, group, home)) << chiplets;
  }
  // Rows are read at addresses.
  group.chiplets = 2;
  ASSERT_TRUE(suits_home(w, group, {t, 6, 2, 0}));
  w.nodes[n].vector.emplace();
  w.nodes[n].vector->input = w.nodes[n].gemm->weight;
  w.nodes[n].vector->output = w.nodes[n].gemm->output;
  w.nodes[n].gemm.reset();
  EXPECT_FALSE(suits_home(w, group, {t, 6, 2, 0}));
  group.chiplets = 0;  // all of a package of unknown size
  EXPECT_FALSE(suits_home(w, group, {t, 6, 0, 0}));
}

}  // namespace
}  // namespace heat::spec
