// The forward of a graph against a naive encoder in double, written from the paper's equations with loops.
#include "offline/model/torch_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "base/errors.h"
#include "offline/model/dropout.h"
#include "offline/model/embed.h"
#include "offline/model/matmul.h"
#include "offline/network/graph_builder.h"
#include "offline/network/model_config.h"

namespace heat::offline {
namespace {

using Matrix = std::vector<std::vector<double>>;  // [tokens][features]

ModelConfig tiny() {
  ModelConfig c;
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
  NaiveBert(const ModelConfig& config, const TorchModel& model) : c_(config) {
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

  ModelConfig c_;
  std::map<std::string, at::Tensor> p_;
};

// Weights large enough that every part of the network matters.
TorchModel lively(const ModelConfig& config) {
  TorchModel model(build_network(config), 7);
  at::NoGradGuard no_grad;
  std::uint64_t seed = 100;
  for (auto& [name, t] : model.named_parameters()) at::Tensor(t).add_(truncated_normal(t.sizes(), 0.4, seed++));
  return model;
}

TEST(TorchModel, ForwardEqualsNaiveDoubleWithPadding) {
  TorchModel model = lively(tiny());
  const NaiveBert naive(tiny(), model);
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

TEST(TorchModel, HeadOfTheBodysResultThenTheLogitsOfForward) {
  TorchModel model(build_network(tiny()), 3);
  at::NoGradGuard no_grad;
  const at::Tensor ids = at::tensor({2, 7, 8, 3, 2, 9, 3, 0}, at::kLong).view({2, 4});
  const NetworkOutputs outputs = model.forward(ids, at::tensor({4, 3}, at::kLong));
  EXPECT_TRUE(model.head(outputs.sequence).logits.equal(outputs.logits));
}

TEST(TorchModel, BlocksAreKeptWhenAsked) {
  TorchModel model = lively(tiny());
  ForwardOptions options;
  options.keep_blocks = true;
  const NetworkOutputs o = model.forward(at::ones({2, 4}, at::kLong), at::tensor({4, 2}, at::kLong), options);
  ASSERT_EQ(o.attentions.size(), 2u);
  ASSERT_EQ(o.hidden.size(), 2u);
  EXPECT_TRUE(o.hidden[1].equal(o.sequence));
  EXPECT_EQ(o.attentions[0].sizes(), (std::vector<std::int64_t>{2, 2, 4, 4}));
  EXPECT_EQ(o.attentions[0][1][0][0][2].item<float>(), 0.0f);  // a padded key
  EXPECT_NEAR(o.attentions[1].sum(-1).sub(1).abs().max().item<float>(), 0, 1e-6);
}

TEST(TorchModel, NamesAreHuggingFaces) {
  TorchModel model(build_network(tiny()), 1);
  const NamedTensors p = model.named_parameters();
  ASSERT_EQ(p.size(), 5u + 2u * 16u + 4u);
  EXPECT_EQ(p[5].first, "bert.encoder.layer.0.attention.self.query.weight");
  EXPECT_EQ(p.back().first, "classifier.bias");
  EXPECT_EQ(model.body_linears().size(), 12u);
}

TEST(TorchModel, EmbeddingsAreTrainedWhenAskedOnly) {
  TorchModel model(build_network(tiny()), 1);
  const NamedTensors body = trainable_parameters(model, false), all = trainable_parameters(model, true);
  EXPECT_EQ(body.front().first, "bert.encoder.layer.0.attention.self.query.weight");
  EXPECT_EQ(all.size(), body.size() + 5);
  trainable_parameters(model, false);
  EXPECT_FALSE(model.token_table().requires_grad());
  EXPECT_TRUE(body.front().second.requires_grad());
}

TEST(TorchModel, AnotherClassifierThenTheRestStays) {
  ModelConfig config = tiny();
  TorchModel model(build_network(config), 1);
  const NamedTensors before = model.named_parameters();
  config.labels = {"a", "b"};
  model.replace_classifier(build_network(config), 9);
  const NamedTensors after = model.named_parameters();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i + 2 < after.size(); ++i) EXPECT_TRUE(after[i].second.is_same(before[i].second));
  EXPECT_TRUE(after[after.size() - 2].second.equal(truncated_normal({2, 8}, 0.02, 9)));
}

// What training runs are compared by: the sites of the draws.
TEST(TorchModel, DropoutOfHiddenStatesFollowsTheOptionAndTheSeed) {
  TorchModel model = lively(tiny());
  const at::Tensor ids = at::ones({2, 4}, at::kLong), lengths = at::tensor({4, 2}, at::kLong);
  const auto logits = [&](double dropout, std::uint64_t seed) {
    ForwardOptions options;
    options.train = true;
    options.dropout = dropout;
    options.dropout_seed = seed;
    return model.forward(ids, lengths, options).logits;
  };
  at::NoGradGuard no_grad;
  EXPECT_TRUE(logits(0, 1).equal(model.forward(ids, lengths).logits));  // attention's own probability is 0 here
  EXPECT_TRUE(logits(-1, 1).equal(logits(0.1, 1)));
  EXPECT_FALSE(logits(0.1, 1).equal(logits(0.1, 2)));
}

TEST(Embed, OfATextThenWhatEntersTheBlocks) {
  ModelConfig config = tiny();
  config.num_hidden_layers = 1;
  TorchModel model = lively(config);
  const Graph& graph = model.graph();
  const at::Tensor ids = at::tensor({2, 7, 8, 3}, at::kLong).view({1, 4}), lengths = at::tensor({4}, at::kLong);
  const ForwardOptions options;
  at::NoGradGuard no_grad;
  const NetworkOutputs whole = model.forward(ids, lengths);
  const std::vector<float> entering = embed(model, {2, 7, 8, 3});
  TorchForward body(graph, model.parameters(), options);
  body.give_texts(ids, lengths);
  body.give(values_entering(graph, graph.body).at(0), at::tensor(entering).view({1, 4, 8}));
  EXPECT_TRUE(at::allclose(body.run(graph.body).sequence, whole.sequence, 1e-5, 1e-5));
}

// Cross attention with grouped queries: two sequences, two axes of rows. [t, g, q, d] x [s, g, d] -> [g, q, t, s].
TEST(LabelledMatmul, OfSeveralAxesARoleThenEinsum) {
  const op::Matmul o{0, 1, 2, {"t", "g", "q", "d"}, {"s", "g", "d"}, {"g", "q", "t", "s"}, 0.5};
  const at::Tensor a = truncated_normal({2, 3, 2, 4, 5}, 1, 1), b = truncated_normal({2, 7, 2, 5}, 1, 2);
  const at::Tensor expected = at::einsum("btgqd,bsgd->bgqts", {a * 0.5, b});
  EXPECT_TRUE(at::allclose(labelled_matmul(o, a, b), expected, 1e-5, 1e-6));
}

TEST(TorchForward, OperatorsThatItCannotRunThenTheirName) {
  const auto message = [](const std::function<ValueId(GraphBuilder&, ValueId)>& add) {
    GraphBuilder builder("net.");
    const ValueId x = builder.embedding("words", op::RowOf::kToken, 4, {"hidden", 4});
    builder.begin_body(x, "input");
    builder.graph().sequence = add(builder, x);
    builder.end_body();
    TorchModel model(builder.finish(), 1);
    try {
      model.forward(at::ones({1, 2}, at::kLong), at::tensor({2}, at::kLong));
    } catch (const base::ConfigError& e) {
      return std::string(e.what());
    }
    return std::string("nothing thrown");
  };
  EXPECT_EQ(message([](GraphBuilder& b, ValueId x) { return b.cache("keys", x, "context"); }),
            "keys (cache): the LibTorch forward cannot run this operator");
  EXPECT_EQ(message([](GraphBuilder& b, ValueId x) {
              const ValueId scores = b.matmul("scores", {x, {"t", "d"}}, {x, {"s", "d"}}, {"t", "s"});
              return b.mask("later", scores, op::MaskKind::kCausal);
            }),
            "later (mask): the LibTorch forward cannot run this operator");
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
