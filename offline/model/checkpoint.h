// Hugging Face folders: config.json, vocab.txt, model.safetensors.
#pragma once

#include <string>
#include <vector>

#include "offline/model/safetensors.h"
#include "offline/model/torch_model.h"
#include "offline/model/wordpiece.h"
#include "offline/network/model_config.h"

namespace heat::offline {

struct Checkpoint {
  ModelConfig config;
  TorchModel model;
  WordPieceTokenizer tokenizer;
  std::vector<std::string> notes;  // what was tolerated, for the user: keys that the model does not have
};

// Reads a folder: names with or without the network's prefix ("bert."), old LayerNorm gamma/beta, F32/F16/BF16. Extra
// keys give a note. Missing keys or wrong shapes are one ConfigError naming all; only the head (what lies behind the
// body) may be missing when `allow_new_head`, and is then fresh (drawn from `seed`).
Checkpoint load_checkpoint(const std::string& folder, bool allow_new_head = false, std::uint64_t seed = 1);

// Writes the three files, each whole or not at all.
void save_checkpoint(const std::string& folder, const ModelConfig& config, const TorchModel& model,
                     const Vocabulary& vocabulary, DType dtype);

// Conversions between LibTorch and the file's tensors (F32, F16, I8, I32).
RawTensor to_raw(const at::Tensor& tensor, DType dtype);
at::Tensor to_float_tensor(const RawTensor& raw);

}  // namespace heat::offline
