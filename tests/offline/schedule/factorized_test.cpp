// Factorised layers: real evaluation against the reconstructed matrix, integers against the independent reference.
#include <gtest/gtest.h>

#include <cmath>

#include "offline/schedule/evaluate.h"
#include "offline/schedule/quantize.h"
#include "spec/schedule_checks.h"
#include "tests/offline/schedule/networks.h"
#include "tests/support/integer_reference.h"

namespace heat::offline {
namespace {

struct Case {
  const char* name;
  const char* method;
  const char* shape;
  std::vector<std::int64_t> ranks;
  std::int64_t in, out;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.name;
}

class FactorizedLayer : public testing::TestWithParam<Case> {
 protected:
  FactorizedLayer() {
    const Case& c = GetParam();
    form_ = test::random_factorized("layer", c.method, c.shape, c.ranks, c.in, c.out, 11);
    x_ = random_normal("x", 5, kTokens * c.in, 1);
  }
  // W' x + b by the definition.
  std::vector<float> expected() const {
    const std::vector<double> w = reconstruct(*form_.factors, 1);
    std::vector<float> y;
    for (std::int64_t t = 0; t < kTokens; ++t)
      for (std::int64_t o = 0; o < form_.out; ++o) {
        double sum = form_.bias[static_cast<std::size_t>(o)];
        for (std::int64_t i = 0; i < form_.in; ++i)
          sum += w[static_cast<std::size_t>(o * form_.in + i)] * x_[static_cast<std::size_t>(t * form_.in + i)];
        y.push_back(static_cast<float>(sum));
      }
    return y;
  }
  static constexpr std::int64_t kTokens = 7;
  LinearForm form_;
  std::vector<float> x_;
};

TEST_P(FactorizedLayer, RealEvaluationThenTheReconstructedMatrixTimesInput) {
  const LoweredNetwork lowered = lower_single_linear({"n", GetParam().method, kTokens}, form_, test::target());
  const auto y = evaluate_real(lowered.network, x_).tensors[lowered.network.output];
  const auto reference = expected();
  double norm = 0;
  for (float v : reference) norm = std::max(norm, static_cast<double>(std::fabs(v)));
  ASSERT_EQ(y.size(), reference.size());
  for (std::size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i], reference[i], 1e-4 * norm) << i;
}

TEST_P(FactorizedLayer, IntegersThenCloseToTheLayerAndEqualToTheReference) {
  LoweredNetwork lowered = lower_single_linear({"n", GetParam().method, kTokens}, form_, test::target());
  base::Problems problems;
  spec::check_structure(test::one_group_a_node(lowered.network), problems);
  EXPECT_EQ(problems.list(), std::vector<std::string>{});
  auto bytes = quantize_network(lowered.network, calibrate_ranges(lowered.network, {x_}), x_);
  const spec::Schedule schedule = test::one_group_a_node(lowered.network);
  evaluate_integer(schedule.workload, bytes);
  const spec::TensorId out = lowered.network.output;
  const auto reference = expected();
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const double d = reference[i] - schedule.workload.tensors[out].scale * bytes[out][i];
    difference += d * d;
    norm += static_cast<double>(reference[i]) * reference[i];
  }
  // About 1.2 % a node (weight, input and result each rounded to 127 levels of a normal's maximum), some nodes in a
  // row.
  EXPECT_LT(std::sqrt(difference / norm), 0.05);

  EXPECT_EQ(
      bytes[out],
      test_support::run_reference(schedule, test::image_of(schedule, bytes)).at(schedule.workload.tensors[out].name));
}

INSTANTIATE_TEST_SUITE_P(Methods, FactorizedLayer,
                         testing::Values(Case{"svd", "svd", "24x36", {5}, 36, 24},
                                         Case{"cp3", "cp", "24x4x9", {7}, 36, 24},
                                         Case{"cp4", "cp", "4x6x4x9", {7}, 36, 24},
                                         Case{"cpRows", "cp", "3x8x36", {9}, 36, 24},
                                         Case{"tucker3", "tucker", "24x4x9", {6, 3, 5}, 36, 24},
                                         Case{"tucker4", "tucker", "4x6x4x9", {3, 4, 3, 5}, 36, 24},
                                         Case{"ttm2", "ttm", "4x6,4x9", {1, 5, 1}, 36, 24},
                                         Case{"tr", "tr", "4x6,4x9", {2, 4, 3, 5}, 36, 24},
                                         Case{"ttm3", "ttm", "2x3x4,3x3x4", {1, 4, 5, 1}, 36, 24}),
                         [](const auto& each) { return each.param.name; });

// Query, key and value write head by head even where the factors' modes and the heads cut the features elsewhere.
TEST(FactorizedEncoder, ModesAcrossHeadsThenTheSameOutputAsItsReconstruction) {
  const Graph graph = test::encoder(1, 24, 3, 48);
  for (const char* rows : {"3x8", "6x4", "4x6", "24"}) {
    NetworkForms dense = test::random_forms(5), factorized = dense;
    const auto make = [rows](const LinearLayer& l) {
      const bool square = l.in == 24 && l.out == 24;
      return test::random_factorized(l.name, "cp",
                                     (square ? std::string(rows) : std::to_string(l.out)) + "x" + std::to_string(l.in),
                                     {9}, l.in, l.out, 2);
    };
    factorized.linear = make;
    dense.linear = [make](const LinearLayer& layer) {
      LinearForm form = make(layer);
      const auto w = reconstruct(*form.factors, 1);
      form.weight.assign(w.begin(), w.end());
      form.factors.reset();
      return form;
    };
    const auto x = random_normal("x", 3, 6 * 24, 1);
    const LoweredNetwork a = lower_network(graph, {"small", "dense", 6}, dense),
                         b = lower_network(graph, {"small", "cp", 6}, factorized);
    const auto ya = evaluate_real(a.network, x).tensors[a.network.output];
    const auto yb = evaluate_real(b.network, x).tensors[b.network.output];
    for (std::size_t i = 0; i < ya.size(); ++i) ASSERT_NEAR(ya[i], yb[i], 1e-4) << rows;
  }
}

}  // namespace
}  // namespace heat::offline
