// From a model in LibTorch to what the lowering asks for: layer values, texts that fill a sequence.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "offline/schedule/network_forms.h"

namespace heat::offline {

class TorchModel;

// The body of the model: dense layers as they are; factorised ones with their cores.
NetworkForms forms_of_model(TorchModel& model);

// `count` inputs of exactly `tokens` pieces: [CLS] pieces [SEP], the texts one after another until a sequence is full.
class WordPieceTokenizer;
std::vector<std::vector<std::int32_t>> full_sequences(const WordPieceTokenizer& tokenizer,
                                                      const std::vector<std::string>& texts, std::int64_t tokens,
                                                      std::size_t count);

// A few plain English sentences for calibration when no text is given.
const std::vector<std::string>& calibration_sentences();

}  // namespace heat::offline
