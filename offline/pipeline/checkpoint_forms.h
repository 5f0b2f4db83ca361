// A Hugging Face folder as the lowering's input, without LibTorch in the header.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "offline/network/model_config.h"
#include "offline/pipeline/model_forms.h"

namespace heat::offline {

struct CheckpointForms {
  std::string name;  // of the folder
  ModelConfig config;
  NetworkForms forms;
  std::vector<std::vector<float>> inputs;  // embedded sentences of exactly `tokens` pieces
};

// `texts` empty: calibration_sentences(). Throws spec::ConfigError when the model has fewer positions than tokens.
CheckpointForms load_checkpoint_forms(const std::string& folder, std::int64_t tokens,
                                      const std::vector<std::string>& texts);

// Throws spec::ConfigError with the file and place when it is no JSON.
nlohmann::json parse_json_file(const std::string& path);

}  // namespace heat::offline
