// Masked language modelling of Devlin et al. (2019), section 3.1.
#include "offline/train/pretraining_heads.h"

namespace heat::offline {

PretrainingHeads::PretrainingHeads(const ModelConfig& config, std::int64_t auxiliary_classes, std::uint64_t seed)
    : eps_(config.layer_norm_eps) {
  const std::int64_t h = config.hidden_size;
  transform_weight_ = truncated_normal({h, h}, 0.02, base::counter_hash(seed, 1));
  transform_bias_ = at::zeros({h}, at::kFloat);
  norm_weight_ = at::ones({h}, at::kFloat);
  norm_bias_ = at::zeros({h}, at::kFloat);
  decoder_bias_ = at::zeros({config.vocab_size}, at::kFloat);
  if (auxiliary_classes == 0) return;
  auxiliary_weight_ = truncated_normal({auxiliary_classes, h}, 0.02, base::counter_hash(seed, 2));
  auxiliary_bias_ = at::zeros({auxiliary_classes}, at::kFloat);
}

NamedTensors PretrainingHeads::named_parameters() const {
  NamedTensors out = {{"cls.predictions.transform.dense.weight", transform_weight_},
                      {"cls.predictions.transform.dense.bias", transform_bias_},
                      {"cls.predictions.transform.LayerNorm.weight", norm_weight_},
                      {"cls.predictions.transform.LayerNorm.bias", norm_bias_},
                      {"cls.predictions.bias", decoder_bias_}};
  if (auxiliary_weight_.defined()) {
    out.emplace_back("auxiliary.weight", auxiliary_weight_);
    out.emplace_back("auxiliary.bias", auxiliary_bias_);
  }
  return out;
}

at::Tensor PretrainingHeads::masked_loss(const at::Tensor& sequence, const at::Tensor& word_embeddings,
                                         const at::Tensor& positions, const at::Tensor& targets) const {
  const std::int64_t h = sequence.size(2);
  at::Tensor x = sequence.reshape({-1, h}).index_select(0, positions);
  x = at::gelu(at::linear(x, transform_weight_, transform_bias_)).to(at::kFloat);
  x = at::layer_norm(x, {h}, norm_weight_, norm_bias_, eps_);
  const at::Tensor logits = at::linear(x, word_embeddings, decoder_bias_);
  return at::cross_entropy_loss(logits.to(at::kFloat), targets);
}

at::Tensor PretrainingHeads::auxiliary_loss(const at::Tensor& pooled, const std::vector<EncodedText>& texts,
                                            const std::vector<std::uint32_t>& rows) const {
  std::vector<std::int64_t> flat;
  std::vector<float> weights;
  std::int64_t with_classes = 0;
  const std::int64_t classes = auxiliary_weight_.defined() ? auxiliary_weight_.size(0) : 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto& list = texts[rows[i]].auxiliary;
    with_classes += !list.empty();
    for (std::int32_t c : list) {
      flat.push_back(static_cast<std::int64_t>(i) * classes + c);
      weights.push_back(1.0f / static_cast<float>(list.size()));
    }
  }
  if (with_classes == 0) return {};
  const at::Tensor log_probability =
      at::log_softmax(at::linear(pooled, auxiliary_weight_, auxiliary_bias_).to(at::kFloat), 1);
  const auto n = static_cast<std::int64_t>(flat.size());
  const at::Tensor index = at::from_blob(flat.data(), {n}, at::kLong).clone();
  const at::Tensor weight = at::from_blob(weights.data(), {n}, at::kFloat).clone();
  return -(log_probability.reshape({-1}).index_select(0, index) * weight).sum() / static_cast<double>(with_classes);
}

MaskedPieces hide_pieces(at::Tensor& ids, const at::Tensor& lengths, double probability, std::int64_t vocab_size,
                         std::int32_t mask_id, base::CounterRng rng) {
  constexpr std::int64_t kFirstOrdinary = 5;  // after the special pieces
  std::vector<std::int64_t> positions, targets;
  auto* p = ids.data_ptr<std::int64_t>();
  const std::int64_t tokens = ids.size(1);
  for (std::int64_t row = 0; row < ids.size(0); ++row) {
    const std::int64_t length = lengths.data_ptr<std::int64_t>()[row];
    for (std::int64_t t = 1; t + 1 < length; ++t) {
      if (rng.uniform() >= probability) continue;
      const std::int64_t at = row * tokens + t;
      positions.push_back(at);
      targets.push_back(p[at]);
      const double kind = rng.uniform();
      if (kind < 0.8)
        p[at] = mask_id;
      else if (kind < 0.9)
        p[at] = kFirstOrdinary + static_cast<std::int64_t>(rng.below(vocab_size - kFirstOrdinary));
    }
  }
  const auto n = static_cast<std::int64_t>(positions.size());
  return {at::from_blob(positions.data(), {n}, at::kLong).clone(),
          at::from_blob(targets.data(), {n}, at::kLong).clone()};
}

}  // namespace heat::offline
