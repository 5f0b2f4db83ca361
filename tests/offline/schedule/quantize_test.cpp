#include "offline/schedule/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "offline/schedule/evaluate.h"
#include "offline/schedule/integer_network.h"
#include "spec/schedule_checks.h"
#include "tests/offline/schedule/networks.h"
#include "tests/support/integer_reference.h"

namespace heat::offline {
namespace {

double real_ratio(const spec::RequantRecord& r) {
  return std::ldexp(static_cast<double>(spec::requant_multiplier(r)), -spec::requant_shift(r));
}

TEST(RequantRecord, RatioThenWithinHalfAUnitOfItsElevenBits) {
  for (double ratio = 1e-11; ratio < 63.9; ratio *= 1.0007) {
    const spec::RequantRecord r = requant_record(ratio, -12.4);
    EXPECT_NEAR(real_ratio(r), ratio, ratio / 2048) << ratio;
    EXPECT_GE(spec::requant_shift(r), spec::kLeastRequantShift);
    EXPECT_LE(spec::requant_shift(r), spec::kMostRequantShift);
    EXPECT_EQ(r.bias, -397);  // -396.8 / 32
  }
  for (double ratio : {0.25, 0.5, 1.0, 0.75, 1.001953125}) EXPECT_EQ(real_ratio(requant_record(ratio, 0)), ratio);
  EXPECT_EQ(real_ratio(requant_record(0.49999999, 0)), 0.5);
  for (double ratio : {0.0, -1.0, 1e-12, 64.0, 1e6, std::nan("")})
    EXPECT_THROW(requant_record(ratio, 0), base::Error) << ratio;
  for (double bias : {1024.0, -1024.1, 1e9, std::nan("")}) EXPECT_THROW(requant_record(0.5, bias), base::Error) << bias;
}

// The bound that spec/arithmetic.h states, over all sums that give an output within int8.
TEST(RequantRecord, OutputThenWithinTheStatedBoundOfTheExactOne) {
  constexpr double kBound = 128 / 2048.0 + 1 / 64.0 + 0.5;  // multiplier, bias, rounding
  double largest = 0;
  for (double ratio : {1e-4, 0.00391, 0.013, 0.0521, 0.3, 0.97})
    for (double bias : {-60.13, -0.49, 0.0, 3.217, 100.4}) {
      const spec::RequantRecord r = requant_record(ratio, bias);
      for (int q = -128; q <= 127; ++q) {
        const auto sum = static_cast<std::int32_t>(std::lround((q - bias) / ratio));
        const double exact = sum * ratio + bias;
        if (exact < -128 || exact > 127) continue;
        // What lies farther from 0 than int8 before the bias is added is off by as much more.
        const double bound = kBound + std::max(0.0, std::fabs(sum * ratio) - 128) / 2048;
        const double off = std::fabs(test_support::requantise(sum, r) - exact);
        EXPECT_LE(off, bound) << ratio << " " << bias << " " << sum;
        largest = std::max(largest, off);
      }
    }
  EXPECT_GT(largest, 0.5);
}

TEST(ActivationTable, GeluThenNearestLevels) {
  const auto table = activation_table(Activation::kGelu, 0.04, 0.03);
  for (int q = -128; q < 128; ++q) {
    const double x = 0.04 * q;
    EXPECT_NEAR(table[static_cast<std::size_t>(q + 128)] * 0.03,
                std::min(0.5 * x * (1 + std::erf(x / std::sqrt(2.0))), 127 * 0.03), 0.0151)
        << q;
  }
}

// Relative error of the integers' real values against the real evaluation.
double relative_difference(const std::vector<float>& real, const std::vector<std::int8_t>& stored, double scale) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < real.size(); ++i) {
    const double d = real[i] - scale * stored[i];
    difference += d * d;
    norm += static_cast<double>(real[i]) * real[i];
  }
  return std::sqrt(difference / norm);
}

TensorBytes quantized_run(Network& network, const std::vector<float>& x) {
  auto bytes = quantize_network(network, calibrate_ranges(network, {x}), x);
  evaluate_integer(network.workload, bytes);
  return bytes;
}

TEST(QuantizedLinear, DenseWithGeluThenCloseToTheRealLayer) {
  LinearForm form{"layer", 96, 80, {}, {}, {}};
  randomize(form, 7);
  LoweredNetwork lowered = lower_single_linear({"layer", "dense", 12}, form, test::target(), Activation::kGelu);
  const auto x = random_normal("x", 3, 12 * 96, 1);
  // The real evaluation itself against the definition.
  const RealValues real = evaluate_real(lowered.network, x);
  const auto& y = real.tensors[lowered.network.output];
  for (std::size_t t : {0u, 11u})
    for (std::size_t o : {0u, 41u, 79u}) {
      double sum = form.bias[o];
      for (std::size_t i = 0; i < 96; ++i) sum += static_cast<double>(form.weight[o * 96 + i]) * x[t * 96 + i];
      EXPECT_NEAR(y[t * 80 + o], 0.5 * sum * (1 + std::erf(sum / std::sqrt(2.0))), 1e-5);
    }
  const auto bytes = quantized_run(lowered.network, x);
  const spec::TensorId out = lowered.network.output;
  // A symmetric int8 value of a normal tensor whose maximum is 3.5 sigma is off by 3.5 / 127 / sqrt(12) = 0.8 % of
  // sigma: for weight, input, sum and result together 1.6 %, and the result's sigma is about half its sum's.
  EXPECT_LT(relative_difference(y, bytes[out], lowered.network.workload.tensors[out].scale), 0.03);
}

class QuantizedNetwork : public testing::TestWithParam<AttentionLoop> {};

// Of a network that is evaluated: every tensor is what an independent interpreter of its schedule makes of it.
void expect_bytes_of_the_reference(const Network& network, const TensorBytes& bytes) {
  const spec::Schedule schedule = test::one_group_a_node(network);
  base::Problems problems;
  spec::check_structure(schedule, problems);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
  const auto reference = test_support::run_reference(schedule, test::image_of(schedule, bytes));
  for (spec::TensorId t : bytes.ids()) {
    const std::string& name = schedule.workload.tensors[t].name;
    EXPECT_EQ(bytes[t], reference.at(name)) << name;
  }
}

TEST_P(QuantizedNetwork, TwoBlocksThenCloseToTheRealNetworkAndEqualToTheReference) {
  LoweredNetwork lowered =
      lower_network(test::encoder(2, 24, 3, 40), {"small", "dense", 10}, test::random_forms(5), {GetParam(), 1});
  const auto x = random_normal("x", 3, 10 * 24, 1);
  const RealValues real = evaluate_real(lowered.network, x);
  const auto bytes = quantized_run(lowered.network, x);
  const spec::TensorId out = lowered.network.output;
  EXPECT_LT(relative_difference(real.tensors[out], bytes[out], lowered.network.workload.tensors[out].scale), 0.08);

  expect_bytes_of_the_reference(lowered.network, bytes);
}
INSTANTIATE_TEST_SUITE_P(Loops, QuantizedNetwork, testing::Values(AttentionLoop::kHeads, AttentionLoop::kTokens));

TEST(Ranges, IncludedThenTheLargerOfEach) {
  Ranges all;
  using Map = std::map<std::string, double>;
  all.include({{{"x", 1}, {"y", 4}}, {{"n", 3}}});
  all.include({{{"x", 2}, {"y", 3}, {"z", 5}}, {{"n", 1}}});
  EXPECT_EQ(all.tensor, (Map{{"x", 2}, {"y", 4}, {"z", 5}}));
  EXPECT_EQ(all.before_activation, (Map{{"n", 3}}));
}

TEST(IntegerNetwork, AnyLengthThenTheScalesOfTheScheduledNetworkAndCloseToTheRealOne) {
  constexpr std::int64_t kUsual = 10;
  const Graph graph = test::encoder(2, 24, 3, 40);
  NetworkForms forms = test::random_forms(5);
  const auto dense = forms.linear;
  forms.linear = [dense](const LinearLayer& layer) {
    if (layer.in != layer.out) return dense(layer);
    return test::random_factorized(layer.name, "svd", "24x24", {20}, layer.in, layer.out, 5);
  };
  const NetworkFamily family(graph, kUsual, forms);
  std::vector<std::vector<float>> inputs;
  for (std::int64_t tokens : {10, 7, 3})
    inputs.push_back(random_normal("x" + std::to_string(tokens), 3, static_cast<std::size_t>(tokens * 24), 1));
  const Ranges ranges = family.calibrate(inputs);
  LoweredNetwork scheduled = lower_network(graph, {"small", "mixed", kUsual}, forms);
  IntegerNetwork body(family, ranges);
  for (const auto& x : inputs) {
    const auto tokens = static_cast<std::int64_t>(x.size() / 24);
    body.prepare(tokens);
    const std::vector<float> y = body.run(x);
    const Network network = family.network(tokens);
    const auto real = evaluate_real(network, x).tensors[network.output];
    ASSERT_EQ(y.size(), real.size());
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      difference += (y[i] - real[i]) * (y[i] - real[i]);
      norm += real[i] * real[i];
    }
    EXPECT_LT(std::sqrt(difference / norm), 0.08) << tokens;
    if (tokens != kUsual) continue;
    auto bytes = quantize_network(scheduled.network, ranges, x);
    evaluate_integer(scheduled.network.workload, bytes);
    const spec::TensorId out = scheduled.network.output;
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_EQ(y[i], static_cast<float>(scheduled.network.workload.tensors[out].scale * bytes[out][i])) << i;
  }
}

// A sentence behind which padding lies, of any content: what the machine answers for its tokens are the bytes that it
// answers for the sentence alone.
TEST(PaddingMask, PaddedSentenceThenItsTokensAreThoseOfTheSentenceAlone) {
  constexpr std::int64_t kTokens = 10, kFeatures = 24;
  const Graph graph = test::encoder(2, kFeatures, 3, 40);
  const NetworkForms forms = test::random_forms(5);
  const NetworkFamily family(graph, kTokens, forms);
  const Ranges ranges = family.calibrate({random_normal("c", 3, kTokens * kFeatures, 1)});
  for (AttentionLoop loop : {AttentionLoop::kHeads, AttentionLoop::kTokens})
    for (std::int64_t count = 1; count <= kTokens; ++count) {
      const std::vector<float> x = random_normal("x", 7, kTokens * kFeatures, 1);
      LoweredNetwork padded = lower_network(graph, {"small", "dense", kTokens, true}, forms, {loop, 1});
      ASSERT_TRUE(padded.network.mask);
      TensorBytes bytes = quantize_network(padded.network, ranges, x);
      bytes[padded.network.mask] = padding_mask(kTokens, count);
      evaluate_integer(padded.network.workload, bytes);
      LoweredNetwork alone = lower_network(graph, {"small", "dense", count}, forms, {loop, 1});
      EXPECT_FALSE(alone.network.mask);
      const auto values = static_cast<std::size_t>(count * kFeatures);
      TensorBytes expected = quantize_network(alone.network, ranges, {x.begin(), x.begin() + count * kFeatures});
      evaluate_integer(alone.network.workload, expected);
      const auto& with = bytes[padded.network.output];
      EXPECT_EQ(std::vector<std::int8_t>(with.begin(), with.begin() + static_cast<std::ptrdiff_t>(values)),
                expected[alone.network.output])
          << count;
    }
  EXPECT_THROW(padding_mask(4, 0), std::logic_error);
  EXPECT_THROW(padding_mask(4, 5), std::logic_error);
}

// Partial sums added up and requantised are the sums requantised: the same bytes, whatever the scales.
TEST(QuantizedNetwork, SumsDividedIntoPartsThenTheSameBytes) {
  const Graph graph = test::encoder(2, 24, 3, 40);
  const auto x = random_normal("x", 3, 10 * 24, 1);
  for (const bool factorized : {false, true}) {
    NetworkForms forms = test::random_forms(5);
    if (factorized)
      forms.linear = [](const LinearLayer& l) {
        return test::random_factorized(l.name, "svd", std::to_string(l.out) + "x" + std::to_string(l.in), {9}, l.in,
                                       l.out, 5);
      };
    LoweredNetwork whole = lower_network(graph, {"small", "mixed", 10}, forms);
    const Ranges ranges = calibrate_ranges(whole.network, {x});
    TensorBytes expected = quantize_network(whole.network, ranges, x);
    evaluate_integer(whole.network.workload, expected);
    for (const std::int64_t parts : {2, 4, 5}) {
      LoweredNetwork divided = lower_network(graph, {"small", "mixed", 10}, forms, {AttentionLoop::kHeads, parts});
      const auto reductions =
          std::count_if(divided.network.workload.nodes.begin(), divided.network.workload.nodes.end(),
                        [](const spec::Node& n) { return n.vector && n.vector->op == spec::VectorOp::kReduce; });
      EXPECT_EQ(reductions, 2) << parts;  // of the second feed-forward layer of both blocks
      TensorBytes bytes = quantize_network(divided.network, ranges, x);
      evaluate_integer(divided.network.workload, bytes);
      expect_bytes_of_the_reference(divided.network, bytes);
      EXPECT_EQ(bytes[divided.network.output], expected[whole.network.output]) << parts;
      const auto real = evaluate_real(divided.network, x).tensors[divided.network.output],
                 real_whole = evaluate_real(whole.network, x).tensors[whole.network.output];
      for (std::size_t i = 0; i < real.size(); ++i) EXPECT_NEAR(real[i], real_whole[i], 1e-5);
    }
    const LoweredNetwork none = lower_network(graph, {"small", "mixed", 10}, forms, {AttentionLoop::kHeads, 7});
    EXPECT_EQ(none.network.workload.nodes.size(), whole.network.workload.nodes.size());
  }
}

// A block of tokens of a head a step: the same bytes as a head a step.
TEST(QuantizedNetwork, HeadsInBlocksOfTokensThenTheSameBytes) {
  const Graph graph = test::encoder(2, 24, 3, 40);
  const NetworkForms forms = test::random_forms(5);
  const auto x = random_normal("x", 3, 12 * 24, 1);
  LoweredNetwork whole = lower_network(graph, {"small", "dense", 12, true}, forms);
  const Ranges ranges = calibrate_ranges(whole.network, {x});
  TensorBytes expected = quantize_network(whole.network, ranges, x);
  expected[whole.network.mask] = padding_mask(12, 7);
  evaluate_integer(whole.network.workload, expected);
  for (const std::int64_t blocks : {2, 3, 12}) {
    LoweredNetwork lowered =
        lower_network(graph, {"small", "dense", 12, true}, forms, {AttentionLoop::kHeads, 1, blocks});
    TensorBytes bytes = quantize_network(lowered.network, ranges, x);
    bytes[lowered.network.mask] = padding_mask(12, 7);
    evaluate_integer(lowered.network.workload, bytes);
    expect_bytes_of_the_reference(lowered.network, bytes);
    EXPECT_EQ(bytes[lowered.network.output], expected[whole.network.output]) << blocks;
  }
}

TEST(QuantizedNetwork, BothAttentionLoopsThenTheSameRealOutput) {
  const Graph graph = test::encoder(1, 24, 3, 40);
  const auto x = random_normal("x", 3, 10 * 24, 1);
  std::vector<std::vector<float>> outputs;
  for (AttentionLoop loop : {AttentionLoop::kHeads, AttentionLoop::kTokens}) {
    const LoweredNetwork lowered = lower_network(graph, {"small", "dense", 10}, test::random_forms(5), {loop, 1});
    outputs.push_back(evaluate_real(lowered.network, x).tensors[lowered.network.output]);
  }
  for (std::size_t i = 0; i < outputs[0].size(); ++i) EXPECT_NEAR(outputs[0][i], outputs[1][i], 1e-5);
}

}  // namespace
}  // namespace heat::offline
