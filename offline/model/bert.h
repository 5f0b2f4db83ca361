// A BERT encoder for sequence classification on LibTorch, with Hugging Face's parameter names.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "offline/model/bert_config.h"
#include "offline/model/linear.h"

namespace heat::offline {

struct LayerNorm {
  at::Tensor weight, bias;
};

struct EncoderLayer {
  std::unique_ptr<Linear> query, key, value, attention_output, intermediate, output;
  LayerNorm attention_norm, output_norm;
};

struct ForwardOptions {
  bool train = false;              // dropout on
  std::uint64_t dropout_seed = 0;  // what decides the dropout masks
  double dropout = -1;             // hidden dropout; below 0: the configuration's
  bool keep_blocks = false;        // fill attentions and hidden of the result
};

struct BertOutputs {
  at::Tensor logits;                   // [batch, labels]; undefined without a classifier
  at::Tensor pooled;                   // [batch, hidden]
  at::Tensor sequence;                 // [batch, tokens, hidden]
  std::vector<at::Tensor> attentions;  // per block, softmaxed scores [batch, heads, tokens, tokens]
  std::vector<at::Tensor> hidden;      // per block, its output [batch, tokens, hidden]
};

class Bert {
 public:
  // Weights N(0, 0.02) truncated at two sigma, biases 0, norms 1, all drawn from `seed`.
  Bert(const BertConfig& config, std::uint64_t seed);
  Bert(Bert&&) = default;
  Bert& operator=(Bert&&) = default;

  const BertConfig& config() const { return config_; }
  // ids [batch, tokens] (int64), padded on the right with any id; lengths [batch] counts the real tokens.
  BertOutputs forward(const at::Tensor& ids, const at::Tensor& lengths, const ForwardOptions& options = {});

  // Logits of the last hidden state of the first token [batch, hidden], as forward() computes them.
  at::Tensor classify(const at::Tensor& first);

  // Every trained tensor in a fixed order under Hugging Face's name.
  NamedTensors named_parameters() const;
  // The six linear maps of each block under their names without ".weight"
  // ("bert.encoder.layer.0.attention.self.query").
  std::vector<std::pair<std::string, std::unique_ptr<Linear>*>> encoder_linears();
  // A new classifier for `labels`, drawn from `seed`.
  void reset_classifier(std::vector<std::string> labels, std::uint64_t seed);
  void require_grad(bool on);

  at::Tensor word_embeddings;  // [vocab, hidden]

 private:
  double hidden_dropout(const ForwardOptions& options) const;
  at::Tensor embed(const at::Tensor& ids, const ForwardOptions& options);
  at::Tensor block(EncoderLayer& layer, const at::Tensor& x, const at::Tensor& mask, const ForwardOptions& options,
                   std::uint64_t index, BertOutputs& outputs);

  BertConfig config_;
  at::Tensor position_embeddings_, token_type_embeddings_;
  LayerNorm embedding_norm_;
  std::vector<EncoderLayer> layers_;
  std::unique_ptr<Linear> pooler_, classifier_;
};

// Switches gradients on for the model's parameters (without embeddings if so asked) and returns those.
NamedTensors trainable_parameters(Bert& model, bool embeddings);

// Inverted dropout whose mask depends on (seed, position) only. Keeps with probability 1-p, to 1/65536.
at::Tensor counter_dropout(const at::Tensor& x, double p, std::uint64_t seed);

}  // namespace heat::offline
