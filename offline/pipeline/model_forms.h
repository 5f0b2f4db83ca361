// From a model in LibTorch to what the lowering asks for: layer values, texts that fill a sequence.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "offline/schedule/encoder.h"

namespace heat::offline {

class TorchModel;
struct Graph;
struct ModelConfig;

EncoderShape encoder_shape(const ModelConfig& config, std::int64_t tokens, const std::string& name);

// The model's encoder: dense layers as they are; factorised ones with their cores.
EncoderForms forms_of_model(TorchModel& model);

// The checkpoint's names of the body's parameters, by the names of the operators that have them.
std::map<std::string, std::string> parameters_by_operator(const Graph& graph);

// `count` inputs of exactly `tokens` pieces: [CLS] pieces [SEP], the texts one after another until a sequence is full.
class WordPieceTokenizer;
std::vector<std::vector<std::int32_t>> full_sequences(const WordPieceTokenizer& tokenizer,
                                                      const std::vector<std::string>& texts, std::int64_t tokens,
                                                      std::size_t count);

// A few plain English sentences for calibration when no text is given.
const std::vector<std::string>& calibration_sentences();

}  // namespace heat::offline
