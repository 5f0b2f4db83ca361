// The encoder of Devlin et al. (2019), post-norm, as Hugging Face's BertForSequenceClassification computes it.
#include "offline/model/bert.h"

#include <cmath>

#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {
namespace {

at::Tensor zeros(std::int64_t n) {
  return at::zeros({n}, at::kFloat);
}

std::unique_ptr<Linear> dense(std::int64_t in, std::int64_t out, std::uint64_t seed) {
  return std::make_unique<DenseLinear>(truncated_normal({out, in}, 0.02, seed), zeros(out));
}

LayerNorm fresh_norm(std::int64_t n) {
  return {at::ones({n}, at::kFloat), zeros(n)};
}

at::Tensor normalize(const LayerNorm& norm, const at::Tensor& x, double eps) {
  return at::layer_norm(x, {norm.weight.size(0)}, norm.weight, norm.bias, eps);
}

void collect_norm(const LayerNorm& norm, const std::string& prefix, NamedTensors& out) {
  out.emplace_back(prefix + ".weight", norm.weight);
  out.emplace_back(prefix + ".bias", norm.bias);
}

at::Tensor activate(const at::Tensor& x, const std::string& name) {
  if (name == "gelu") return at::gelu(x);
  if (name == "gelu_new") return at::gelu(x, "tanh");
  if (name == "relu") return at::relu(x);
  throw base::ConfigError("hidden_act '" + name + "' is unknown");
}

}  // namespace

at::Tensor counter_dropout(const at::Tensor& x, double p, std::uint64_t seed) {
  const auto threshold = static_cast<std::uint32_t>(p * 65536.0);
  if (threshold == 0) return x;
  at::Tensor mask = at::empty(x.sizes(), at::kFloat);
  float* m = mask.data_ptr<float>();
  const std::int64_t n = mask.numel();
  const float keep = 65536.0f / static_cast<float>(65536 - threshold);
  std::int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const std::uint64_t bits = base::mix64(seed + static_cast<std::uint64_t>(i));
    for (int k = 0; k < 4; ++k) m[i + k] = ((bits >> (16 * k)) & 0xffff) >= threshold ? keep : 0.0f;
  }
  for (; i < n; ++i) m[i] = (base::mix64(seed + static_cast<std::uint64_t>(i)) & 0xffff) >= threshold ? keep : 0.0f;
  return x * (x.scalar_type() == at::kFloat ? mask : mask.to(x.scalar_type()));
}

Bert::Bert(const BertConfig& config, std::uint64_t seed) : config_(config) {
  std::uint64_t draw = 0;
  const auto next = [&] { return base::counter_hash(seed, draw++); };
  const std::int64_t h = config.hidden_size, f = config.intermediate_size;
  word_embeddings = truncated_normal({config.vocab_size, h}, 0.02, next());
  position_embeddings_ = truncated_normal({config.max_position_embeddings, h}, 0.02, next());
  token_type_embeddings_ = truncated_normal({config.type_vocab_size, h}, 0.02, next());
  embedding_norm_ = fresh_norm(h);
  for (std::int64_t i = 0; i < config.num_hidden_layers; ++i) {
    EncoderLayer layer;
    for (auto* member : {&layer.query, &layer.key, &layer.value, &layer.attention_output})
      *member = dense(h, h, next());
    layer.intermediate = dense(h, f, next());
    layer.output = dense(f, h, next());
    layer.attention_norm = fresh_norm(h);
    layer.output_norm = fresh_norm(h);
    layers_.push_back(std::move(layer));
  }
  pooler_ = dense(h, h, next());
  if (!config.labels.empty()) classifier_ = dense(h, static_cast<std::int64_t>(config.labels.size()), next());
}

void Bert::reset_classifier(std::vector<std::string> labels, std::uint64_t seed) {
  config_.labels = std::move(labels);
  classifier_ = dense(config_.hidden_size, static_cast<std::int64_t>(config_.labels.size()), seed);
}

void Bert::require_grad(bool on) {
  for (auto& [name, tensor] : named_parameters()) tensor.requires_grad_(on);
}

NamedTensors Bert::named_parameters() const {
  NamedTensors out;
  out.emplace_back("bert.embeddings.word_embeddings.weight", word_embeddings);
  out.emplace_back("bert.embeddings.position_embeddings.weight", position_embeddings_);
  out.emplace_back("bert.embeddings.token_type_embeddings.weight", token_type_embeddings_);
  collect_norm(embedding_norm_, "bert.embeddings.LayerNorm", out);
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string p = "bert.encoder.layer." + std::to_string(i) + ".";
    const EncoderLayer& layer = layers_[i];
    layer.query->collect(p + "attention.self.query", out);
    layer.key->collect(p + "attention.self.key", out);
    layer.value->collect(p + "attention.self.value", out);
    layer.attention_output->collect(p + "attention.output.dense", out);
    collect_norm(layer.attention_norm, p + "attention.output.LayerNorm", out);
    layer.intermediate->collect(p + "intermediate.dense", out);
    layer.output->collect(p + "output.dense", out);
    collect_norm(layer.output_norm, p + "output.LayerNorm", out);
  }
  pooler_->collect("bert.pooler.dense", out);
  if (classifier_) classifier_->collect("classifier", out);
  return out;
}

std::vector<std::pair<std::string, std::unique_ptr<Linear>*>> Bert::encoder_linears() {
  std::vector<std::pair<std::string, std::unique_ptr<Linear>*>> out;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string p = "bert.encoder.layer." + std::to_string(i) + ".";
    out.emplace_back(p + "attention.self.query", &layers_[i].query);
    out.emplace_back(p + "attention.self.key", &layers_[i].key);
    out.emplace_back(p + "attention.self.value", &layers_[i].value);
    out.emplace_back(p + "attention.output.dense", &layers_[i].attention_output);
    out.emplace_back(p + "intermediate.dense", &layers_[i].intermediate);
    out.emplace_back(p + "output.dense", &layers_[i].output);
  }
  return out;
}

double Bert::hidden_dropout(const ForwardOptions& options) const {
  return options.dropout < 0 ? config_.hidden_dropout_prob : options.dropout;
}

at::Tensor Bert::embed(const at::Tensor& ids, const ForwardOptions& options) {
  at::Tensor x = at::embedding(word_embeddings, ids);
  x = x + position_embeddings_.narrow(0, 0, ids.size(1)) + token_type_embeddings_.select(0, 0);
  x = normalize(embedding_norm_, x, config_.layer_norm_eps);
  if (options.train) x = counter_dropout(x, hidden_dropout(options), base::counter_hash(options.dropout_seed, 1000));
  return x;
}

at::Tensor Bert::block(EncoderLayer& layer, const at::Tensor& x, const at::Tensor& mask, const ForwardOptions& options,
                       std::uint64_t index, BertOutputs& outputs) {
  const std::int64_t batch = x.size(0), tokens = x.size(1), heads = config_.num_attention_heads;
  const auto split = [&](const at::Tensor& t) {
    return t.view({batch, tokens, heads, config_.head_size()}).transpose(1, 2);
  };
  const auto drop = [&](const at::Tensor& t, double p, std::uint64_t site) {
    return options.train ? counter_dropout(t, p, base::counter_hash(options.dropout_seed, index, site)) : t;
  };
  const at::Tensor q = split(layer.query->forward(x)) * (1.0 / std::sqrt(static_cast<double>(config_.head_size())));
  const at::Tensor k = split(layer.key->forward(x)), v = split(layer.value->forward(x));
  const at::Tensor weights = at::softmax(at::matmul(q, k.transpose(2, 3)) + mask, -1);
  if (options.keep_blocks) outputs.attentions.push_back(weights);
  const at::Tensor context = at::matmul(drop(weights, config_.attention_probs_dropout_prob, 0), v);
  at::Tensor y = layer.attention_output->forward(context.transpose(1, 2).reshape({batch, tokens, config_.hidden_size}));
  y = normalize(layer.attention_norm, drop(y, hidden_dropout(options), 1) + x, config_.layer_norm_eps);
  at::Tensor z = layer.output->forward(activate(layer.intermediate->forward(y), config_.hidden_act));
  z = normalize(layer.output_norm, drop(z, hidden_dropout(options), 2) + y, config_.layer_norm_eps);
  if (options.keep_blocks) outputs.hidden.push_back(z);
  return z;
}

BertOutputs Bert::forward(const at::Tensor& ids, const at::Tensor& lengths, const ForwardOptions& options) {
  HEAT_CHECK(ids.size(1) <= config_.max_position_embeddings, "tokens within max_position_embeddings");
  BertOutputs outputs;
  const at::Tensor position = at::arange(ids.size(1), at::kLong);
  const at::Tensor padding = position.unsqueeze(0).ge(lengths.unsqueeze(1));  // [batch, tokens]
  const at::Tensor mask = padding.to(at::kFloat).mul(-1e9).view({ids.size(0), 1, 1, ids.size(1)});
  at::Tensor x = embed(ids, options);
  for (std::size_t i = 0; i < layers_.size(); ++i) x = block(layers_[i], x, mask, options, i, outputs);
  outputs.sequence = x;
  outputs.pooled = at::tanh(pooler_->forward(x.select(1, 0)));
  if (classifier_) {
    at::Tensor p = outputs.pooled;
    if (options.train) p = counter_dropout(p, hidden_dropout(options), base::counter_hash(options.dropout_seed, 2000));
    outputs.logits = classifier_->forward(p);
  }
  return outputs;
}

at::Tensor Bert::classify(const at::Tensor& first) {
  HEAT_CHECK(classifier_ != nullptr, "the model has a classifier");
  return classifier_->forward(at::tanh(pooler_->forward(first)));
}

NamedTensors trainable_parameters(Bert& model, bool embeddings) {
  NamedTensors out;
  for (auto& [name, tensor] : model.named_parameters()) {
    const bool train = embeddings || !name.starts_with("bert.embeddings.");
    at::Tensor(tensor).requires_grad_(train);
    if (train) out.emplace_back(name, tensor);
  }
  return out;
}

}  // namespace heat::offline
