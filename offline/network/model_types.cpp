// A new network is a builder of its own and a line here.
#include "offline/network/model_types.h"

#include "base/errors.h"
#include "offline/network/bert.h"
#include "offline/network/model_config.h"

namespace heat::offline {

const std::vector<ModelType>& model_types() {
  static const std::vector<ModelType> types{{"bert", "BertForSequenceClassification", &build_bert}};
  return types;
}

std::vector<std::string> model_type_names() {
  std::vector<std::string> names;
  for (const ModelType& t : model_types()) names.push_back(t.name);
  return names;
}

std::string known_model_types() {
  std::string text;
  for (const ModelType& t : model_types()) text += (text.empty() ? "" : ", ") + t.name;
  return text;
}

const ModelType& model_type(const std::string& name) {
  for (const ModelType& t : model_types())
    if (t.name == name) return t;
  throw base::ConfigError("model_type '" + name + "' is unknown (known: " + known_model_types() + ")");
}

Graph build_network(const ModelConfig& config) {
  return model_type(config.model_type).build(config);
}

}  // namespace heat::offline
