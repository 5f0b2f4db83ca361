#include "offline/network/model_config.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace heat::offline {
namespace {

nlohmann::json sizes() {
  return {{"vocab_size", 11},
          {"hidden_size", 8},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 2},
          {"intermediate_size", 12}};
}

TEST(ModelConfig, RoundTrip) {
  ModelConfig config;
  config.labels = {"no", "yes"};
  config.hidden_act = "relu";
  const auto json = config.to_json();
  EXPECT_EQ(ModelConfig::from_json(json, "config.json").to_json(), json);
}

TEST(ModelConfig, WithoutAModelTypeThenTheFirstOne) {
  EXPECT_EQ(ModelConfig::from_json(sizes(), "config.json").model_type, model_types().front().name);
}

// Another network's checkpoint has other operators under similar sizes: computing it as this one would be wrong.
TEST(ModelConfig, ModelTypeWithoutABuilderThenError) {
  nlohmann::json json = sizes();
  json["model_type"] = "roberta";
  try {
    ModelConfig::from_json(json, "config.json");
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("config.json: model_type: is \"roberta\", expected bert"), std::string::npos)
        << e.what();
  }
  EXPECT_THROW(model_type("roberta"), base::ConfigError);
}

TEST(ModelConfig, SizesThatNoNetworkHasThenAllNamed) {
  nlohmann::json json = sizes();
  json["num_hidden_layers"] = 1000000000;
  json["hidden_size"] = 4611686018427387904;
  json["vocab_size"] = 0;
  json["intermediate_size"] = 1.5;
  json["num_attention_heads"] = -2;
  json["num_labels"] = 1000000000;
  try {
    ModelConfig::from_json(json, "config.json");
    FAIL();
  } catch (const base::ConfigError& e) {
    const std::string text = e.what();
    for (const char* problem :
         {"num_hidden_layers: is 1000000000, expected a whole number from 1 to 10000",
          "hidden_size: is 4611686018427387904, expected a whole number from 1 to 16777216", "vocab_size: is 0,",
          "intermediate_size: is 1.5,", "num_attention_heads: is -2,", "num_labels: is 1000000000,"})
      EXPECT_NE(text.find(problem), std::string::npos) << text;
  }
}

TEST(ModelTypes, EveryOneBuildsACheckedGraph) {
  for (const ModelType& type : model_types()) {
    ModelConfig config;
    config.model_type = type.name;
    config.labels = {"a", "b"};
    const Graph graph = build_network(config);
    EXPECT_NO_THROW(check(graph)) << type.name;
    EXPECT_NE(graph.logits, kNoValue) << type.name;
  }
}

}  // namespace
}  // namespace heat::offline
