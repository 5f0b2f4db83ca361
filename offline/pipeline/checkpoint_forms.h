// A Hugging Face folder as the lowering's input, without LibTorch in the header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offline/network/model_config.h"
#include "offline/pipeline/model_forms.h"

namespace heat::offline {

struct CheckpointForms {
  std::string name;  // of the folder
  ModelConfig config;
  NetworkForms forms;
  std::vector<std::vector<float>> inputs;  // embedded sentences of exactly `tokens` pieces
};

// `texts` empty: calibration_sentences(). Throws base::ConfigError when the model has fewer positions than tokens.
CheckpointForms load_checkpoint_forms(const std::string& folder, std::int64_t tokens,
                                      const std::vector<std::string>& texts);
using CheckpointLoader = decltype(&load_checkpoint_forms);

}  // namespace heat::offline
