// The encoder against a naive one in double, written from the paper's equations with loops.
#include "offline/model/bert.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace heat::offline {
namespace {

using Matrix = std::vector<std::vector<double>>;  // [tokens][features]

BertConfig tiny() {
  BertConfig c;
  c.vocab_size = 11;
  c.hidden_size = 8;
  c.num_hidden_layers = 2;
  c.num_attention_heads = 2;
  c.intermediate_size = 12;
  c.max_position_embeddings = 7;
  c.labels = {"x", "y", "z"};
  return c;
}

class NaiveBert {
 public:
  NaiveBert(const Bert& model) : c_(model.config()) {
    for (const auto& [name, t] : model.named_parameters()) p_[name] = t.detach().contiguous();
  }
  std::vector<double> logits(const std::vector<int>& ids) const {
    Matrix x;
    for (std::size_t t = 0; t < ids.size(); ++t) {
      x.emplace_back();
      for (int h = 0; h < c_.hidden_size; ++h)
        x[t].push_back(at("bert.embeddings.word_embeddings.weight", ids[t], h) +
                       at("bert.embeddings.position_embeddings.weight", static_cast<int>(t), h) +
                       at("bert.embeddings.token_type_embeddings.weight", 0, h));
    }
    norm(x, "bert.embeddings.LayerNorm");
    for (int l = 0; l < c_.num_hidden_layers; ++l) block(x, "bert.encoder.layer." + std::to_string(l) + ".");
    Matrix pooled = linear({x[0]}, "bert.pooler.dense");
    for (double& v : pooled[0]) v = std::tanh(v);
    return linear(pooled, "classifier")[0];
  }

 private:
  double at(const std::string& name, int i, int j) const { return p_.at(name)[i][j].item<double>(); }
  Matrix linear(const Matrix& x, const std::string& name) const {
    const at::Tensor w = p_.at(name + ".weight"), b = p_.at(name + ".bias");
    Matrix y(x.size(), std::vector<double>(w.size(0)));
    for (std::size_t t = 0; t < x.size(); ++t)
      for (int o = 0; o < w.size(0); ++o) {
        y[t][o] = b[o].item<double>();
        for (int i = 0; i < w.size(1); ++i) y[t][o] += w[o][i].item<double>() * x[t][i];
      }
    return y;
  }
  void norm(Matrix& x, const std::string& name) const {
    for (auto& row : x) {
      double mean = 0, variance = 0;
      for (double v : row) mean += v / row.size();
      for (double v : row) variance += (v - mean) * (v - mean) / row.size();
      for (std::size_t i = 0; i < row.size(); ++i)
        row[i] = (row[i] - mean) / std::sqrt(variance + c_.layer_norm_eps) * p_.at(name + ".weight")[i].item<double>() +
                 p_.at(name + ".bias")[i].item<double>();
    }
  }
  void block(Matrix& x, const std::string& p) const {
    const Matrix q = linear(x, p + "attention.self.query"), k = linear(x, p + "attention.self.key"),
                 v = linear(x, p + "attention.self.value");
    Matrix context(x.size(), std::vector<double>(c_.hidden_size));
    for (int head = 0; head < c_.num_attention_heads; ++head)
      for (std::size_t t = 0; t < x.size(); ++t) {
        std::vector<double> score(x.size());
        double sum = 0;
        const int first = head * static_cast<int>(c_.head_size());
        for (std::size_t s = 0; s < x.size(); ++s) {
          for (int d = 0; d < c_.head_size(); ++d) score[s] += q[t][first + d] * k[s][first + d];
          sum += score[s] = std::exp(score[s] / std::sqrt(static_cast<double>(c_.head_size())));
        }
        for (std::size_t s = 0; s < x.size(); ++s)
          for (int d = 0; d < c_.head_size(); ++d) context[t][first + d] += score[s] / sum * v[s][first + d];
      }
    Matrix y = linear(context, p + "attention.output.dense");
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t h = 0; h < x[t].size(); ++h) y[t][h] += x[t][h];
    norm(y, p + "attention.output.LayerNorm");
    Matrix inner = linear(y, p + "intermediate.dense");
    for (auto& row : inner)
      for (double& e : row) e = 0.5 * e * (1 + std::erf(e / std::sqrt(2.0)));
    x = linear(inner, p + "output.dense");
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t h = 0; h < x[t].size(); ++h) x[t][h] += y[t][h];
    norm(x, p + "output.LayerNorm");
  }

  BertConfig c_;
  std::map<std::string, at::Tensor> p_;
};

// Weights large enough that every part of the network matters.
Bert lively(const BertConfig& config) {
  Bert model(config, 7);
  at::NoGradGuard no_grad;
  std::uint64_t seed = 100;
  for (auto& [name, t] : model.named_parameters()) at::Tensor(t).add_(truncated_normal(t.sizes(), 0.4, seed++));
  return model;
}

TEST(Bert, ForwardEqualsNaiveDoubleWithPadding) {
  Bert model = lively(tiny());
  const NaiveBert naive(model);
  const std::vector<std::vector<int>> texts = {{2, 5, 6, 7, 8, 3}, {2, 9, 3}, {2, 10, 4, 3}};
  at::Tensor ids = at::full({3, 6}, 1, at::kLong), lengths = at::empty({3}, at::kLong);
  for (int i = 0; i < 3; ++i) {
    lengths[i] = static_cast<std::int64_t>(texts[i].size());
    for (std::size_t t = 0; t < texts[i].size(); ++t) ids[i][static_cast<std::int64_t>(t)] = texts[i][t];
  }
  at::NoGradGuard no_grad;
  const at::Tensor logits = model.forward(ids, lengths).logits;
  ASSERT_EQ(logits.sizes(), (std::vector<std::int64_t>{3, 3}));
  for (int i = 0; i < 3; ++i) {
    const std::vector<double> expected = naive.logits(texts[i]);
    for (int c = 0; c < 3; ++c) EXPECT_NEAR(logits[i][c].item<double>(), expected[c], 2e-5);
  }
}

TEST(Bert, ClassifyOfTheFirstTokenThenTheLogitsOfForward) {
  Bert model(tiny(), 3);
  at::NoGradGuard no_grad;
  const at::Tensor ids = at::tensor({2, 7, 8, 3, 2, 9, 3, 0}, at::kLong).view({2, 4});
  const BertOutputs outputs = model.forward(ids, at::tensor({4, 3}, at::kLong));
  EXPECT_TRUE(at::allclose(model.classify(outputs.sequence.select(1, 0)), outputs.logits, 0, 1e-6));
}

TEST(Bert, BlocksAreKeptWhenAsked) {
  Bert model = lively(tiny());
  ForwardOptions options;
  options.keep_blocks = true;
  const BertOutputs o = model.forward(at::ones({2, 4}, at::kLong), at::tensor({4, 2}, at::kLong), options);
  ASSERT_EQ(o.attentions.size(), 2u);
  ASSERT_EQ(o.hidden.size(), 2u);
  EXPECT_TRUE(o.hidden[1].equal(o.sequence));
  EXPECT_EQ(o.attentions[0].sizes(), (std::vector<std::int64_t>{2, 2, 4, 4}));
  EXPECT_EQ(o.attentions[0][1][0][0][2].item<float>(), 0.0f);  // a padded key
  EXPECT_NEAR(o.attentions[1].sum(-1).sub(1).abs().max().item<float>(), 0, 1e-6);
}

TEST(Bert, NamesAreHuggingFaces) {
  Bert model(tiny(), 1);
  const NamedTensors p = model.named_parameters();
  ASSERT_EQ(p.size(), 5u + 2u * 16u + 4u);
  EXPECT_EQ(p[5].first, "bert.encoder.layer.0.attention.self.query.weight");
  EXPECT_EQ(p.back().first, "classifier.bias");
  EXPECT_EQ(model.encoder_linears().size(), 12u);
}

TEST(CounterDropout, KeepsTheMeanAndDependsOnTheSeedOnly) {
  const at::Tensor x = at::ones({100, 1001}, at::kFloat);
  const at::Tensor a = counter_dropout(x, 0.25, 5), b = counter_dropout(x, 0.25, 5), c = counter_dropout(x, 0.25, 6);
  EXPECT_TRUE(a.equal(b));
  EXPECT_FALSE(a.equal(c));
  EXPECT_NEAR(a.mean().item<double>(), 1.0, 0.01);
  EXPECT_NEAR(a.eq(0).to(at::kFloat).mean().item<double>(), 0.25, 0.01);
}

}  // namespace
}  // namespace heat::offline
