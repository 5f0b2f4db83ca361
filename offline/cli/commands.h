// heat-offline's commands: which of them need LibTorch, and how those are reached.
//
// Loading LibTorch takes a second and 150 MB, so that heat-offline does without. Its commands that do need it lie in a
// second program in the same folder, heat-offline-torch, which heat-offline replaces itself by.
#pragma once

#include "offline/pipeline/checkpoint_forms.h"

namespace heat::offline::cli {

// The commands of heat-offline-torch, in the order of the flow: name, function, summary.
// clang-format off
#define HEAT_TORCH_COMMANDS(X) \
  X("finetune", run_finetune, "train a BERT classifier (masked-language pre-training, then the task)") \
  X("evaluate", run_evaluate, "accuracy of a checkpoint on a task, beside the bag-of-words baseline") \
  X("supernet", run_supernet, "level 2: train the Rank SuperNet of a teacher") \
  X("search", run_search, "level 2: predict accuracies and evolve per-layer ranks") \
  X("distill", run_distill, "level 3: train a factorised student in two stages") \
  X("run", run_run, "the whole of HEAT from one configuration, resumable")
// clang-format on

// Replaces this process by heat-offline-torch with the same command (argv[0] is its name) and options. Throws
// base::FileError when that cannot be executed.
int run_with_torch(int argc, char** argv);

// `heat-offline schedule`, which needs LibTorch for a checkpoint's weights only. `load` is null where there is none.
int schedule_command(int argc, char** argv, CheckpointLoader load);

}  // namespace heat::offline::cli
