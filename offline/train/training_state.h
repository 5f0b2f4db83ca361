// The file from which a killed training run goes on exactly: every tensor of the optimizer and the step's number.
#pragma once

#include <cstdint>
#include <string>

#include "offline/train/adamw.h"

namespace heat::offline {

struct TrainingPosition {
  std::int64_t phase = 0;  // index of the phase
  std::int64_t step = 0;   // steps done in it
  std::string digest;      // of the configuration up to and including that phase
};

// Writes whole or not at all.
void save_training_state(const std::string& path, const AdamW& optimizer, const TrainingPosition& position);
// Fills the optimizer's tensors. Throws ConfigError when the file does not fit the model.
TrainingPosition load_training_state(const std::string& path, AdamW& optimizer);

}  // namespace heat::offline
