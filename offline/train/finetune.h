// Training of a BERT classifier in phases: masked-language pre-training, auxiliary targets, the task itself.
#pragma once

#include <string>
#include <vector>

#include "offline/model/checkpoint.h"
#include "offline/tasks/text_task.h"
#include "offline/train/evaluate.h"
#include "offline/train/finetune_config.h"
#include "offline/train/run_control.h"

namespace heat::offline {

struct FinetuneResult {
  bool complete = false;  // false: stopped by SIGINT after writing the training state
  Evaluation dev, test;
  std::vector<double> dev_accuracy_by_phase;
  std::int64_t parameters = 0;
  double wall_s = 0;
};

// Trains and writes the Hugging Face folder into `out`. Every checkpoint_steps steps it writes
// out/training.safetensors, from which a later call with the same configuration (or one with more phases) goes on, bit
// for bit as if it had never been stopped. `stop_after_steps` (tests): returns after so many steps without writing
// anything, as a kill would.
FinetuneResult finetune(const FinetuneConfig& config, const TextTask& task, const std::string& out,
                        const ProgressCallback& progress, std::int64_t stop_after_steps = -1);

}  // namespace heat::offline
