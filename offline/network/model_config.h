// The config.json of an encoder, with Hugging Face's key names.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "offline/network/model_types.h"

namespace heat::offline {

struct ModelConfig {
  std::string model_type = model_types().front().name;
  std::int64_t vocab_size = 8192;
  std::int64_t hidden_size = 256;
  std::int64_t num_hidden_layers = 4;
  std::int64_t num_attention_heads = 4;
  std::int64_t intermediate_size = 1024;
  std::int64_t max_position_embeddings = 128;
  std::int64_t type_vocab_size = 2;
  double layer_norm_eps = 1e-12;
  double hidden_dropout_prob = 0.1;
  double attention_probs_dropout_prob = 0.0;
  std::string hidden_act = "gelu";  // gelu (exact) | gelu_new (tanh) | relu
  bool do_lower_case = true;
  std::vector<std::string> labels;  // id2label, by id

  std::int64_t head_size() const { return hidden_size / num_attention_heads; }
  nlohmann::ordered_json to_json() const;
  // Unknown keys are ignored (checkpoints carry many); wrong types, impossible sizes and a model_type without a builder
  // are one ConfigError naming `name` and all of them. num_labels without id2label gives LABEL_0, LABEL_1, ...
  static ModelConfig from_json(const nlohmann::json& json, const std::string& name);
};

}  // namespace heat::offline
