// Reading is lenient about keys nobody needs here and strict about those that shape the network.
#include "offline/network/model_config.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::offline {
namespace {

// Of embeddings; of a layer's sides; of layers (each takes memory of its own).
constexpr std::int64_t kMostRows = std::int64_t{1} << 31, kMostFeatures = std::int64_t{1} << 24, kMostLayers = 10'000;
constexpr std::int64_t kMostLabels = 1'000'000;

class Reader {
 public:
  Reader(const nlohmann::json& json, const std::string& name) : json_(json), name_(name) {}
  base::Problems problems;

  // From 1 to `most`, so that products of a few sizes fit 63 bits and a network fits a machine's memory.
  void size(const char* key, std::int64_t& value, std::int64_t most, bool required = true) {
    if (!json_.contains(key)) {
      if (required) problems.add(place(key), "is missing");
      return;
    }
    const nlohmann::json& given = json_[key];
    if (!given.is_number_integer() || given.get<std::int64_t>() < 1 || given.get<std::int64_t>() > most)
      problems.add(place(key), "is " + given.dump() + ", expected a whole number from 1 to " + std::to_string(most));
    else
      value = given;
  }
  void number(const char* key, double& value, double max) {
    if (!json_.contains(key)) return;
    if (!json_[key].is_number() || !(json_[key].get<double>() >= 0 && json_[key].get<double>() <= max))
      problems.add(place(key), "is " + json_[key].dump() + ", expected a number from 0 to " + std::to_string(max));
    else
      value = json_[key];
  }
  std::string place(const std::string& key) const { return name_ + ": " + key; }

 private:
  const nlohmann::json& json_;
  std::string name_;
};

std::vector<std::string> read_labels(const nlohmann::json& json, Reader& r) {
  std::vector<std::string> labels;
  if (json.contains("id2label") && json["id2label"].is_object()) {
    const auto& map = json["id2label"];
    for (std::size_t i = 0; i < map.size(); ++i) {
      const auto it = map.find(std::to_string(i));
      if (it == map.end() || !it->is_string()) {
        r.problems.add(r.place("id2label"), "has no text for label " + std::to_string(i));
        break;
      }
      labels.push_back(*it);
    }
  } else if (json.contains("num_labels")) {
    std::int64_t count = 0;
    r.size("num_labels", count, kMostLabels);
    for (std::int64_t i = 0; i < count; ++i) labels.push_back("LABEL_" + std::to_string(i));
  }
  return labels;
}

}  // namespace

ModelConfig ModelConfig::from_json(const nlohmann::json& json, const std::string& name) {
  if (!json.is_object()) throw base::ConfigError(name + ": is no JSON map");
  ModelConfig c;
  c.attention_probs_dropout_prob = 0.1;
  c.max_position_embeddings = 512;
  Reader r(json, name);
  r.size("vocab_size", c.vocab_size, kMostRows);
  r.size("hidden_size", c.hidden_size, kMostFeatures);
  r.size("num_hidden_layers", c.num_hidden_layers, kMostLayers);
  r.size("num_attention_heads", c.num_attention_heads, kMostFeatures);
  r.size("intermediate_size", c.intermediate_size, kMostFeatures);
  r.size("max_position_embeddings", c.max_position_embeddings, kMostRows, false);
  r.size("type_vocab_size", c.type_vocab_size, kMostRows, false);
  r.number("layer_norm_eps", c.layer_norm_eps, 1);
  r.number("hidden_dropout_prob", c.hidden_dropout_prob, 0.99);
  r.number("attention_probs_dropout_prob", c.attention_probs_dropout_prob, 0.99);
  if (json.contains("hidden_act")) {
    const auto& act = json["hidden_act"];
    if (act == "gelu" || act == "gelu_new" || act == "relu")
      c.hidden_act = act;
    else
      r.problems.add(r.place("hidden_act"), "is " + act.dump() + ", expected gelu, gelu_new or relu");
  }
  if (json.contains("model_type")) {
    const std::vector<std::string> known = model_type_names();
    const auto at = std::find(known.begin(), known.end(), json["model_type"]);
    if (at == known.end())
      r.problems.add(r.place("model_type"), "is " + json["model_type"].dump() + ", expected " + known_model_types());
    else
      c.model_type = *at;
  }
  if (json.contains("do_lower_case") && json["do_lower_case"].is_boolean()) c.do_lower_case = json["do_lower_case"];
  if (c.hidden_size % c.num_attention_heads != 0)
    r.problems.add(r.place("num_attention_heads"), "is " + std::to_string(c.num_attention_heads) +
                                                       ", which does not divide hidden_size " +
                                                       std::to_string(c.hidden_size));
  c.labels = read_labels(json, r);
  r.problems.throw_if_any();
  return c;
}

nlohmann::ordered_json ModelConfig::to_json() const {
  nlohmann::ordered_json json = {{"architectures", {offline::model_type(model_type).architecture}},
                                 {"model_type", model_type},
                                 {"vocab_size", vocab_size},
                                 {"hidden_size", hidden_size},
                                 {"num_hidden_layers", num_hidden_layers},
                                 {"num_attention_heads", num_attention_heads},
                                 {"intermediate_size", intermediate_size},
                                 {"hidden_act", hidden_act},
                                 {"hidden_dropout_prob", hidden_dropout_prob},
                                 {"attention_probs_dropout_prob", attention_probs_dropout_prob},
                                 {"max_position_embeddings", max_position_embeddings},
                                 {"type_vocab_size", type_vocab_size},
                                 {"layer_norm_eps", layer_norm_eps},
                                 {"pad_token_id", 0},
                                 {"do_lower_case", do_lower_case}};
  nlohmann::ordered_json id2label = nlohmann::ordered_json::object(), label2id = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    id2label[std::to_string(i)] = labels[i];
    label2id[labels[i]] = i;
  }
  json["id2label"] = id2label;
  json["label2id"] = label2id;
  return json;
}

}  // namespace heat::offline
