// From a BERT model in LibTorch to what the lowering asks for: layer values, embedded inputs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "offline/schedule/encoder.h"

namespace heat::offline {

class Bert;
struct BertConfig;

EncoderShape encoder_shape(const BertConfig& config, std::int64_t tokens, const std::string& name);

// The model's encoder: dense layers as they are; factorised ones with their cores. Names without the leading "bert.".
EncoderForms forms_of_model(Bert& model);

// Word, position and type embeddings with their layer norm, row-major [ids, hidden]: what the encoder's input is.
std::vector<float> embed_tokens(const Bert& model, const std::vector<std::int32_t>& ids);

// `count` inputs of exactly `tokens` pieces: [CLS] pieces [SEP], the texts one after another until a sequence is full.
class WordPieceTokenizer;
std::vector<std::vector<std::int32_t>> full_sequences(const WordPieceTokenizer& tokenizer,
                                                      const std::vector<std::string>& texts, std::int64_t tokens,
                                                      std::size_t count);

// A few plain English sentences for calibration when no text is given.
const std::vector<std::string>& calibration_sentences();

}  // namespace heat::offline
