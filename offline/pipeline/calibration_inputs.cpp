// Full sequences reach every position of the schedule; whole texts begin and end as those of the task do.
#include "offline/pipeline/calibration_inputs.h"

#include "offline/model/embed.h"
#include "offline/pipeline/model_forms.h"
#include "offline/train/evaluate.h"

namespace heat::offline {

std::vector<std::vector<float>> calibration_inputs(const Checkpoint& checkpoint,
                                                   const std::vector<TextExample>& examples, std::int64_t tokens) {
  constexpr std::size_t kFull = 16, kTexts = 64;
  std::vector<std::vector<float>> inputs;
  std::vector<std::string> texts;
  for (const TextExample& e : examples)
    if (texts.size() < kTexts) texts.push_back(e.text);
  for (const auto& ids : full_sequences(checkpoint.tokenizer, texts, tokens, kFull))
    inputs.push_back(embed(checkpoint.model, ids));
  std::vector<TextExample> whole = examples;
  limit_texts(whole, static_cast<std::int64_t>(kTexts));
  for (const EncodedText& t : encode_examples(whole, checkpoint.tokenizer, tokens))
    inputs.push_back(embed(checkpoint.model, t.ids));
  return inputs;
}

}  // namespace heat::offline
