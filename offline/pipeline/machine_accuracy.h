// Accuracy of a model whose body runs on the simulated machine with real data, sentence by sentence: padded to the
// length of one schedule, under its mask.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "offline/loop/simulator_process.h"
#include "offline/model/torch_model.h"
#include "offline/schedule/planner.h"
#include "offline/train/text_batches.h"

namespace heat::offline {

// A schedule of a masked network (NetworkLabel::masked) with the bytes of all given tensors; those of the sentence and
// of the mask are replaced run by run.
struct MaskedBody {
  PlannedNetwork planned;
  TensorBytes bytes;
};

struct MachineAccuracy {
  std::int64_t examples = 0, padded = 0;  // of them those shorter than the schedule
  double accuracy = 0;                    // of the machine, 0..1
  double float_accuracy = 0;              // of the same model in real numbers on the same texts
  double agreement = 0;                   // share of texts with the same answer
  bool bit_exact = true;                  // every output equals the integer evaluation's
  double cycles = 0;                      // of a run, which takes the same for every text
};

// Every text is a run of simba-sim with data on one schedule. `farm.folder` gets the schedule (schedule.json with its
// image) and by text the tensors that its run takes and leaves. `progress` gets the number of texts done. Precondition:
// no text is longer than the schedule.
MachineAccuracy machine_accuracy(TorchModel& model, const MaskedBody& body, const std::vector<EncodedText>& texts,
                                 const std::string& arch, const SimulationFarm& farm,
                                 const std::function<void(std::int64_t)>& progress = nullptr);

}  // namespace heat::offline
