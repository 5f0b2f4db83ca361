// A thin bridge, so that commands need not see LibTorch.
#include "offline/pipeline/checkpoint_forms.h"

#include <filesystem>

#include "base/errors.h"
#include "offline/model/checkpoint.h"
#include "offline/model/embed.h"

namespace heat::offline {

CheckpointForms load_checkpoint_forms(const std::string& folder, std::int64_t tokens,
                                      const std::vector<std::string>& texts) {
  constexpr std::size_t kSentences = 8;
  Checkpoint checkpoint = load_checkpoint(folder, true);
  const ModelConfig& config = checkpoint.config;
  if (tokens < 2 || tokens > config.max_position_embeddings)
    throw base::ConfigError("--seq-len " + std::to_string(tokens) + ": the model in '" + folder + "' takes 2 to " +
                            std::to_string(config.max_position_embeddings));
  CheckpointForms result;
  result.name = std::filesystem::path(folder).filename().string();
  result.config = config;
  result.forms = forms_of_model(checkpoint.model);
  for (const auto& ids :
       full_sequences(checkpoint.tokenizer, texts.empty() ? calibration_sentences() : texts, tokens, kSentences))
    result.inputs.push_back(embed(checkpoint.model, ids));
  return result;
}

}  // namespace heat::offline
