// Accuracy of a model whose body computes in the machine's integers; embedding and head stay on the host in real
// numbers.
#pragma once

#include <functional>
#include <vector>

#include "offline/model/torch_model.h"
#include "offline/schedule/integer_network.h"
#include "offline/train/text_batches.h"

namespace heat::offline {

struct Int8Accuracy {
  std::int64_t examples = 0;
  double accuracy = 0;        // of the integer body, 0..1
  double float_accuracy = 0;  // of the same model in real numbers on the same texts
  double agreement = 0;       // share of texts with the same answer
};

// Every text at its own length. `progress` gets the number of texts done.
Int8Accuracy int8_accuracy(TorchModel& model, IntegerNetwork& body, const std::vector<EncodedText>& texts,
                           const std::function<void(std::int64_t)>& progress = nullptr);

}  // namespace heat::offline
