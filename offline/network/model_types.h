// The list of networks that a config.json can mean.
#pragma once

#include <string>
#include <vector>

#include "offline/network/graph.h"

namespace heat::offline {

struct ModelConfig;

struct ModelType {
  std::string name;          // config.json's model_type
  std::string architecture;  // config.json's architectures, with a classifier on top
  Graph (*build)(const ModelConfig& config);
};

// The first one is meant where a configuration names none.
const std::vector<ModelType>& model_types();
std::vector<std::string> model_type_names();
std::string known_model_types();  // "a, b", for errors
// Throws base::ConfigError on an unknown name.
const ModelType& model_type(const std::string& name);

// The checked graph that a configuration means.
Graph build_network(const ModelConfig& config);

}  // namespace heat::offline
