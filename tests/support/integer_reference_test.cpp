// Every expected number here was worked out by hand from the text of spec/arithmetic.h; the working is in the comments.
#include "tests/support/integer_reference.h"

#include <gtest/gtest.h>

#include <cmath>

namespace heat::test_support {
namespace {

using Bytes = std::vector<std::int8_t>;

TEST(IntegerReference, FloorDivisionRoundsTowardMinusInfinity) {
  EXPECT_EQ(floor_division(7, 2), 3);
  EXPECT_EQ(floor_division(-7, 2), -4);
  EXPECT_EQ(floor_division(-8, 2), -4);
  EXPECT_EQ(floor_division(-1, 1 << 20), -1);
}

TEST(IntegerReference, SquareRootIsTheFloorAtBothEdgesOfEverySquare) {
  for (std::int64_t root : {1LL, 2LL, 3LL, 1000LL, 65535LL, 65536LL, 46340LL, 3037000499LL}) {
    EXPECT_EQ(integer_square_root(root * root), root);
    EXPECT_EQ(integer_square_root(root * root - 1), root - 1);
  }
  EXPECT_EQ(integer_square_root(0), 0);
  EXPECT_EQ(integer_square_root(INT64_MAX), 3037000499LL);
}

TEST(IntegerReference, RequantiseRoundsHalfUpThenClamps) {
  const auto record = [](int bias, int mantissa, int shift) {
    return spec::RequantRecord{static_cast<std::int16_t>(bias), static_cast<std::uint16_t>(shift * 1024 + mantissa)};
  };
  EXPECT_EQ(requantise(18, record(48, 512, 11)), 15);         // 18 * 1536 / 2048 + 48 / 32 = 13.5 + 1.5
  EXPECT_EQ(requantise(-122, record(48, 512, 11)), -90);      // -91.5 + 1.5
  EXPECT_EQ(requantise(3, record(-32, 512, 10)), 4);          // 4.5 - 1 = 3.5, half up
  EXPECT_EQ(requantise(-4, record(-80, 256, 9)), -12);        // -4 * 2.5 - 2.5 = -12.5, half up
  EXPECT_EQ(requantise(-3, record(-80, 256, 9)), -10);        // -7.5 - 2.5
  EXPECT_EQ(requantise(1, record(15, 0, 11)), 1);             // 0.5 + 15 / 32 = 0.97
  EXPECT_EQ(requantise(0, record(15, 0, 11)), 0);             // 0.47
  EXPECT_EQ(requantise(0, record(16, 0, 11)), 1);             // 0.5, half up
  EXPECT_EQ(requantise(87, record(-80, 256, 9)), 127);        // 215 -> clamped
  EXPECT_EQ(requantise(-87, record(0, 256, 9)), -128);        // -217.5 -> clamped
  EXPECT_EQ(requantise(1, record(0, 1023, 5)), 64);           // 2047 / 32 = 63.97
  EXPECT_EQ(requantise(INT32_MAX, record(32, 1023, 47)), 1);  // 2^31 * 2047 / 2^47 + 1 = 1.03
  EXPECT_EQ(requantise(INT32_MIN, record(-32768, 1023, 47)), -128);
}

TEST(IntegerReference, SoftmaxRoundsHalfUp) {
  std::vector<std::uint16_t> table(256, 1);
  table[0] = 100;
  table[2] = 50;
  table[3] = 10;
  // max 2; e = 50, 10, 100; S = 160; (12700 + 160) / 320 = 40.2, (2540 + 160) / 320 = 8.4, (25400 + 160) / 320 = 79.9
  EXPECT_EQ(softmax_row({0, -1, 2}, table), (Bytes{40, 8, 79}));
  // One element has all the mass: (100 * 254 + 100) / 200 = 127.5
  EXPECT_EQ(softmax_row({-128}, table), (Bytes{127}));
}

TEST(IntegerReference, LayerNormAddsTheResidualAndUsesGammaAndBeta) {
  // y = 2x + r = 2, 1, 9; mean 4; d = -2, -3, 5; squares 38, v = 12, s = 3
  // t = -43690 (toward zero), -65536, 109226
  // gamma 3: -131070 + 65536 + 32768 = -32766 -> -1;  gamma -2: 131072 + 32768 = 163840 -> 2.5 -> 2
  // gamma 1: 109226 - 32768 + 32768 = 109226 -> 1.67 -> 1
  EXPECT_EQ(layer_norm_row({1, 2, 4}, {0, -3, 1}, 2, 1, {3, -2, 1}, {65536, 0, -32768}, 16), (Bytes{-1, 2, 1}));
}

TEST(IntegerReference, LayerNormMeanIsAFloorAndADeviationOfZeroCountsAsOne) {
  // y = -1, -1, -2; sum -4; mean floor(-1.33) = -2; d = 1, 1, 0; v = floor(2 / 3) = 0; s = 1; t = 65536, 65536, 0
  EXPECT_EQ(layer_norm_row({-1, -1, -2}, {}, 1, 0, {1, 1, 1}, {0, 0, 0}, 16), (Bytes{1, 1, 0}));
}

// A schedule of two nodes over x [t=2, c=3]: a projection stored transposed as y [r=2, t=2], then softmax over r.
struct Tiny {
  spec::Schedule schedule;
  std::vector<std::uint8_t> image = std::vector<std::uint8_t>(1024, 0);

  spec::TensorId add(const std::string& name, spec::TensorKind kind, std::vector<std::int64_t> shape,
                     const std::vector<int>& bytes) {
    spec::Tensor tensor;
    tensor.name = name;
    tensor.kind = kind;
    tensor.shape = std::move(shape);
    schedule.plan.dram_addresses.push_back(next_);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      image[static_cast<std::size_t>(next_) + i] = static_cast<std::uint8_t>(bytes[i]);
    }
    next_ += (tensor.bytes() + 63) / 64 * 64;
    return schedule.workload.tensors.push_back(tensor);
  }
  void add(spec::Node node, spec::LoopDim bound = spec::LoopDim::kN) {
    const std::string name = node.name;
    const spec::NodeId id = schedule.workload.nodes.push_back(std::move(node));
    schedule.plan.groups.push_back({name, "t", 2, 1, 0, 0, {{id, bound, {}, {}}}, {}, {}, {}, {}});
  }

 private:
  std::int64_t next_ = 0;
};

// The bias in 32nds of a step.
std::vector<int> record(int bias, int mantissa, int shift) {
  const int scale = shift * 1024 + mantissa;
  return {bias & 255, (bias >> 8) & 255, scale & 255, scale >> 8};
}

std::vector<int> joined(std::vector<std::vector<int>> parts) {
  std::vector<int> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

TEST(IntegerReference, ProjectionAndSoftmaxThroughTransposedViewsEqualHandComputation) {
  Tiny tiny;
  const spec::TensorId x = tiny.add("x", spec::TensorKind::kInput, {2, 3}, {1, 2, 3, -4, 5, -6});
  const spec::TensorId w = tiny.add("w", spec::TensorKind::kWeight, {2, 3}, {7, -8, 9, 10, 11, -12});
  const spec::TensorId q =
      tiny.add("q", spec::TensorKind::kParameters, {2, 4}, joined({record(48, 512, 11), record(-80, 256, 9)}));
  const spec::TensorId y = tiny.add("y", spec::TensorKind::kIntermediate, {2, 2}, {});
  std::vector<int> table(512, 0);
  for (std::size_t i = 0; i < 256; ++i) table[2 * i] = i == 0 ? 4 : i == 27 ? 2 : i == 217 ? 0 : 1;
  const spec::TensorId e = tiny.add("e", spec::TensorKind::kParameters, {256, 2}, table);
  const spec::TensorId p = tiny.add("p", spec::TensorKind::kOutput, {2, 2}, {});
  spec::Node projection;
  projection.name = "projection";
  projection.gemm.emplace();
  projection.gemm->indices = {{}, {"r"}, {"t"}, {"c"}};
  projection.gemm->extents = {1, 2, 2, 3};
  projection.gemm->weight = {w, {{"r", 2, 3}, {"c", 3, 1}}};
  projection.gemm->input = {x, {{"t", 2, 3}, {"c", 3, 1}}};
  projection.gemm->output = {y, {{"r", 2, 2}, {"t", 2, 1}}};
  projection.gemm->epilogue.requant = q;
  tiny.add(projection);
  spec::Node softmax;
  softmax.name = "softmax";
  softmax.vector.emplace();
  softmax.vector->n = {"t"};
  softmax.vector->k = {"r"};
  softmax.vector->rows = softmax.vector->columns = 2;
  softmax.vector->input = {y, {{"t", 2, 1}, {"r", 2, 2}}};
  softmax.vector->output = {p, {{"t", 2, 2}, {"r", 2, 1}}};
  softmax.vector->parameters = e;
  tiny.add(softmax);
  const TensorData data = run_reference(tiny.schedule, tiny.image);
  // Sums r0: 7-16+27 = 18, -28-40-54 = -122; r1: 10+22-36 = -4, -40+55+72 = 87. Requantised as in the test above.
  EXPECT_EQ(data.at("y"), (Bytes{15, -90, -12, 127}));
  // t0: 15, -12: e = 4, 2, S = 6: 1022 / 12 = 85.2, 514 / 12 = 42.8. t1: -90, 127: e = 0, 4, S = 4: 4 / 8, 1020 / 8 =
  // 127.5
  EXPECT_EQ(data.at("p"), (Bytes{85, 42, 0, 127}));
  EXPECT_EQ(data.at("x"), (Bytes{1, 2, 3, -4, 5, -6}));
}

TEST(IntegerReference, ChannelsOverBatchAndInnerNTakeTheirOwnRecordAndTheTable) {
  Tiny tiny;
  const spec::TensorId x = tiny.add("x", spec::TensorKind::kInput, {2, 2}, {1, 2, 3, 4});
  const spec::TensorId w = tiny.add("w", spec::TensorKind::kWeight, {2}, {2, 3});
  const spec::TensorId q = tiny.add("q", spec::TensorKind::kParameters, {4, 4},
                                    joined({record(0, 0, 11), record(0, 0, 10), record(0, 512, 10), record(0, 0, 9)}));
  std::vector<int> negate;
  for (int v = -128; v < 128; ++v) negate.push_back(v == -128 ? 127 : -v);
  const spec::TensorId table = tiny.add("table", spec::TensorKind::kParameters, {256}, negate);
  const spec::TensorId y = tiny.add("y", spec::TensorKind::kOutput, {2, 2}, {});
  spec::Node node;
  node.name = "scale";
  node.gemm.emplace();
  node.gemm->indices = {{"t"}, {}, {"n"}, {}};
  node.gemm->extents = {2, 1, 2, 1};
  node.gemm->weight = {w, {{"t", 2, 1}}};
  node.gemm->input = {x, {{"t", 2, 2}, {"n", 2, 1}}};
  node.gemm->output = {y, {{"t", 2, 2}, {"n", 2, 1}}};
  node.gemm->epilogue = {false, q, true, 2, table};
  tiny.add(node, spec::LoopDim::kB);
  // Sums 2, 4, 9, 12 times 0.5, 1, 1.5, 2: 1, 4, 13.5 and half up, 24; negated by the table.
  EXPECT_EQ(run_reference(tiny.schedule, tiny.image).at("y"), (Bytes{-1, -4, -14, -24}));
}

TEST(IntegerReference, ViewBeyondItsTensorIsAnErrorThatNamesTheNode) {
  Tiny tiny;
  const spec::TensorId x = tiny.add("x", spec::TensorKind::kInput, {2, 2}, {1, 2, 3, 4});
  spec::Node node;
  node.name = "astray";
  node.vector.emplace();
  node.vector->n = {"t"};
  node.vector->k = {"c"};
  node.vector->input = {x, {{"t", 2, 3}, {"c", 2, 1}}};
  node.vector->output = {x, {{"t", 2, 2}, {"c", 2, 1}}};
  node.vector->parameters = tiny.add("e", spec::TensorKind::kParameters, {256, 2}, {});
  tiny.add(node);
  try {
    run_reference(tiny.schedule, tiny.image);
    FAIL() << "no error";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("astray"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace heat::test_support
