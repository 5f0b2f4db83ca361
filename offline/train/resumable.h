// A training loop of numbered stages that survives a kill: what SuperNet training and distillation share.
#pragma once

#include <functional>
#include <string>

#include "offline/train/adamw.h"
#include "offline/train/run_control.h"
#include "offline/train/training_state.h"

namespace heat::offline {

struct RunFolder {
  std::string path;  // where training.safetensors lies; empty: nothing is stored
  std::int64_t checkpoint_steps = 200;
  std::int64_t stop_after_steps = -1;  // tests: returns after so many steps without storing, as a kill would
};

class ResumableRun {
 public:
  // Loads the state of the folder into the optimizer, if there is one. Throws ConfigError when it was written under
  // another `digest` (the run's configuration as text).
  ResumableRun(AdamW& optimizer, RunFolder folder, const std::string& digest, ProgressCallback progress);

  // Runs steps first..total of `stage` (numbers ascend from 0), skipping what is done. `step` gets its number and
  // returns the loss. False after SIGINT (the state is stored) or when stop_after_steps is used up.
  bool stage(std::int64_t number, const std::string& name, std::int64_t total,
             const std::function<double(std::int64_t)>& step);

  // Whether the parameters are those at the end of the stage before `stage`, and not later ones of a resumed run.
  bool stands_before(std::int64_t stage) const { return position_.phase == stage && position_.step == 0; }

 private:
  void save(std::int64_t stage, std::int64_t step);

  AdamW& optimizer_;
  RunFolder folder_;
  std::string file_;
  TrainingPosition position_;
  ProgressCallback progress_;
};

// Linear warm-up over the first `warmup` of `total` steps, then linear decay to zero.
double ramp(double rate, double warmup, std::int64_t step, std::int64_t total);

}  // namespace heat::offline
