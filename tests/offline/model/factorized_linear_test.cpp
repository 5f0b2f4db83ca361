// Against the decompositions' own reconstruction in double, for every method.
#include "offline/model/factorized_linear.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/errors.h"
#include "offline/decompose/form_text.h"
#include "offline/model/checkpoint.h"
#include "offline/model/factorize.h"
#include "offline/network/model_config.h"

namespace heat::offline {
namespace {

struct Case {
  const char* name;
  const char* method;
  const char* shape;
  std::vector<std::int64_t> ranks, fewer;
};

const Case kCases[] = {
    {"svd", "svd", "24,36", {12}, {5}},
    {"cp2", "cp", "24x36", {12}, {5}},
    {"cp4", "cp", "4x6x6x6", {12}, {5}},
    {"tucker2", "tucker", "24x36", {12, 15}, {7, 9}},
    {"tucker4", "tucker", "4x6x6x6", {4, 5, 5, 6}, {2, 5, 3, 4}},
    {"ttm", "ttm", "4x6,6x6", {1, 12, 1}, {1, 5, 1}},
    {"tr", "tr", "4x6,6x6", {2, 4, 6, 5}, {1, 4, 3, 2}},
    {"tr2", "tr", "24x36", {2, 5}, {2, 3}},
    {"ttm3", "ttm", "2x3x4,3x3x4", {1, 6, 12, 1}, {1, 3, 5, 1}},
};

class FactorizedLinearTest : public ::testing::TestWithParam<Case> {
 protected:
  FactorizedLinearTest() {
    form_ = {GetParam().method, parse_shape(GetParam().shape, method_named(GetParam().method), 24, 36),
             GetParam().ranks};
    const at::Tensor w = truncated_normal({24, 36}, 1.0, 5).to(at::kDouble);
    d_ = decompose({w.data_ptr<double>(), 24 * 36}, form_).decomposition;
    layer_ = std::make_unique<FactorizedLinear>(d_, truncated_normal({24}, 1.0, 6));
  }
  static at::Tensor matrix(const Decomposition& d) {
    std::vector<double> w = reconstruct(d);
    return at::from_blob(w.data(), {24, 36}, at::kDouble).to(at::kFloat).clone();
  }
  Form form_;
  Decomposition d_;
  std::unique_ptr<FactorizedLinear> layer_;
};

TEST_P(FactorizedLinearTest, WeightEqualsTheDecompositionsAtMaximalAndFirstRanks) {
  EXPECT_LT((layer_->weight() - matrix(d_)).abs().max().item<float>(), 2e-5);
  layer_->set_ranks(GetParam().fewer);
  EXPECT_LT((layer_->weight() - matrix(truncate(d_, GetParam().fewer))).abs().max().item<float>(), 2e-5);
}

TEST_P(FactorizedLinearTest, BothWaysToComputeAgree) {
  layer_->set_ranks(GetParam().fewer);
  for (const std::int64_t rows : {1, 2, 500}) {
    const at::Tensor x = truncated_normal({1, rows, 36}, 1.0, 8);
    const at::Tensor expected = at::linear(x, layer_->weight(), layer_->bias);
    EXPECT_LT((layer_->forward(x) - expected).abs().max().item<float>(), 5e-5) << rows;
  }
}

TEST_P(FactorizedLinearTest, GradientsReachActiveEntriesOnly) {
  layer_->set_ranks(GetParam().fewer);
  NamedTensors p;
  layer_->collect("l", p);
  for (auto& [name, t] : p) t.requires_grad_(true);
  layer_->forward(truncated_normal({3, 36}, 1.0, 9)).square().sum().backward();
  const CoreNetwork active = core_network({form_.method, form_.shape, GetParam().fewer});
  for (std::size_t i = 0; i < active.cores.size(); ++i) {
    at::Tensor inside = p[i].second.grad().clone();
    for (std::int64_t a = 0; a < inside.dim(); ++a)
      inside = inside.narrow(a, 0, active.cores[i].dims()[static_cast<std::size_t>(a)]);
    EXPECT_GT(inside.abs().sum().item<float>(), 0);
    EXPECT_NEAR(p[i].second.grad().abs().sum().item<float>() / inside.abs().sum().item<float>(), 1.0, 1e-5);
  }
}

TEST_P(FactorizedLinearTest, TargetVarianceIsMetAndFoldedIntoTheCut) {
  layer_->set_ranks(GetParam().fewer);
  layer_->set_target_variance(2.5);
  EXPECT_NEAR(layer_->weight().var(false).item<double>(), 2.5, 1e-4);
  const auto cut = layer_->cut();
  EXPECT_EQ(cut->max_form().ranks, GetParam().fewer);
  EXPECT_LT((cut->weight() - layer_->weight()).abs().max().item<float>(), 5e-5);
}

TEST_P(FactorizedLinearTest, ScatteredRanksUseOtherEntriesUntilTheNextSetRanks) {
  layer_->set_ranks(GetParam().fewer);
  const at::Tensor first = layer_->weight();
  layer_->scatter_ranks(3);
  EXPECT_GT((layer_->weight() - first).abs().max().item<float>(), 1e-3);
  layer_->set_ranks(GetParam().ranks);
  EXPECT_LT((layer_->weight() - matrix(d_)).abs().max().item<float>(), 2e-5);
}

INSTANTIATE_TEST_SUITE_P(Methods, FactorizedLinearTest, ::testing::ValuesIn(kCases),
                         [](const auto& i) { return std::string(i.param.name); });

TEST(FactorizedLinear, MacsOfTheTwoWays) {
  const auto form = [](const std::string& method, const std::string& shape, const Ranks& ranks) {
    return Form{method, parse_shape(shape, method_named(method), 24, 36), ranks};
  };
  const FactorizedLinear svd(form("svd", "24,36", {5}));
  EXPECT_EQ(svd.macs_by_path(10), 10 * 5 * (24 + 36));
  EXPECT_EQ(svd.macs_by_reconstruction(10), 10 * 24 * 36 + 5 * 24 * 36);
  const FactorizedLinear tucker(form("tucker", "24x36", {7, 9}));
  EXPECT_EQ(tucker.macs_by_path(10), 10 * (36 * 9 + 9 * 7 + 7 * 24));
  EXPECT_EQ(tucker.macs_by_reconstruction(10), 10 * 24 * 36 + 7 * 9 * 24 + 24 * 9 * 36);
  const FactorizedLinear ttm(form("ttm", "4x6,6x6", {1, 5, 1}));
  EXPECT_EQ(ttm.macs_by_path(1), 6 * (1 * 6 * 4 * 5) + 4 * (5 * 6 * 6 * 1));
  EXPECT_EQ(ttm.macs_by_reconstruction(1), 24 * 36 + 24 * 36 * 5);
}

ModelConfig tiny() {
  ModelConfig c;
  c.vocab_size = 6;
  c.hidden_size = 24;
  c.num_hidden_layers = 1;
  c.num_attention_heads = 2;
  c.intermediate_size = 36;
  c.max_position_embeddings = 5;
  c.labels = {"no", "yes"};
  return c;
}

TEST(Factorize, StudentSurvivesItsFolderAndCloning) {
  TorchModel model(build_network(tiny()), 3);
  const std::string name = "bert.encoder.layer.0.intermediate.dense";
  const std::vector<LayerForm> plans = {
      {name, {"tucker", parse_shape("6x6x24", method_named("tucker"), 36, 24), {4, 5, 12}}},
      {"bert.encoder.layer.0.output.dense", {"ttm", parse_shape("4x6,6x6", method_named("ttm"), 24, 36), {1, 9, 1}}}};
  const auto errors = factorize(model, plans);
  EXPECT_EQ(errors.size(), 2u);
  EXPECT_GT(errors[0], 0);
  const Vocabulary vocabulary({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"});
  const std::string folder = (std::filesystem::path(::testing::TempDir()) / "heat_student").string();
  save_checkpoint(folder, tiny(), model, vocabulary, DType::kF32);
  Checkpoint loaded = load_checkpoint(folder);
  TorchModel copy = clone(model);
  const at::Tensor ids = at::tensor({2, 5, 3}, at::kLong).view({1, 3}), lengths = at::tensor({3}, at::kLong);
  const at::Tensor expected = model.forward(ids, lengths).logits;
  EXPECT_TRUE(loaded.model.forward(ids, lengths).logits.equal(expected));
  EXPECT_TRUE(copy.forward(ids, lengths).logits.equal(expected));
  EXPECT_EQ(factorized_layers(loaded.model).size(), 2u);
  EXPECT_EQ(encoder_parameters(model), 4 * 24 * 24 + (4 * 5 * 12 + 6 * 4 + 6 * 5 + 24 * 12) + 9 * (4 * 6 + 6 * 6));
  EXPECT_THROW(factorize(model, {plans[0]}), base::ConfigError);
  EXPECT_THROW(factorize(model, {{"nowhere", {"svd", {{24}, {24}}, {4}}}}), base::ConfigError);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace heat::offline
