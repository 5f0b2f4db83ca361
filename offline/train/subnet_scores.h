// What SubNets are worth: the samples of level 2's predictor.
#pragma once

#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"
#include "offline/train/run_control.h"
#include "offline/train/supernet.h"

namespace heat::offline {

struct SubNetScore {
  SubNet subnet;
  double accuracy = 0, loss = 0;
};

struct ScoreOptions {
  std::string folder;  // finished ones are stored there and a later call goes on from them (score_parts.h); empty: not
  base::Shard shard;   // the part of the SubNets that is scored
  int threads = 1;     // SubNets at a time, each on one thread: the figures do not depend on it
  ProgressCallback progress;
};

// Accuracy of each SubNet (of the shard) on the texts, in their order. Throws base::Error when it is interrupted
// (base/jobs/interrupt.h).
std::vector<SubNetScore> score_subnets(SuperNet& supernet, const std::vector<EncodedText>& texts,
                                       const std::vector<SubNet>& subnets, const ScoreOptions& options = {});

}  // namespace heat::offline
