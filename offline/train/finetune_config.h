// What `heat-offline finetune --config` reads (docs/formats.md, "Training configuration").
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "offline/network/model_config.h"
#include "offline/tasks/text_task.h"

namespace heat::offline {

// A stage of training with its own learning-rate ramp. Losses with weight 0 are not computed.
struct PhaseConfig {
  std::string name;
  std::int64_t epochs = 1;
  std::int64_t batch_tokens = 2048;
  double learning_rate = 5e-4;
  double warmup = 0.05;         // part of the phase's steps; then linear decay to 0
  double label_weight = 1;      // cross entropy of the task's label
  double mask_probability = 0;  // share of pieces that are hidden ([MASK] 80 %, random 10 %, kept 10 %)
  double mask_weight = 0;       // masked-language loss on those pieces
  double auxiliary_weight = 0;  // the task's multi-label target
  double extra_share = 0;       // share of the task's unlabelled texts that joins each epoch (masked-language loss)
  double label_smoothing = 0;
  double dropout = 0.1;
  double weight_decay = 0.01;
  double average_decay = 0;  // moving average of the weights, used from the phase's end on; 0: none

  std::string digest() const;  // every value, as text
};

struct FinetuneConfig {
  std::string task = task_names().front();
  std::string data;       // the task's folder; empty: its default
  std::string init_from;  // a Hugging Face folder; empty: a fresh model and vocabulary
  std::uint64_t seed = 1;
  int threads = 2;
  std::string precision = "float32";  // or bfloat16: matrix products only, weights stay float32
  std::int64_t max_length = 64;
  std::int64_t checkpoint_steps = 500;
  std::int64_t train_limit = 0;    // use so many training examples only (limit_texts); 0: all
  std::string save_dtype = "F16";  // or F32
  ModelConfig model;               // used when init_from is empty
  std::vector<PhaseConfig> phases;

  // Throws ConfigError with every problem.
  static FinetuneConfig load(const std::string& path);
  static FinetuneConfig parse(const std::string& text, const std::string& name);
  // Text that identifies the run up to and including `phase`.
  std::string digest(std::size_t phase) const;
};

}  // namespace heat::offline
