// Texts that a network's quantisation is calibrated on.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/model/checkpoint.h"
#include "offline/tasks/text_task.h"

namespace heat::offline {

// Embedded texts: 16 that fill `tokens` pieces (first), then 64 of the examples, every n-th, at their own length cut to
// `tokens`. Precondition: there are examples.
std::vector<std::vector<float>> calibration_inputs(const Checkpoint& checkpoint,
                                                   const std::vector<TextExample>& examples, std::int64_t tokens);

}  // namespace heat::offline
