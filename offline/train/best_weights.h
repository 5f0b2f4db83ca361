// The weights of a training run that scored best on dev so far, kept through kills.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offline/model/linear.h"

namespace heat::offline {

// Dev accuracy at one moment of a run: after `step` steps of `stage`.
struct DevScore {
  std::string stage;
  std::int64_t step = 0;
  double accuracy = 0;  // 0..1
};

class BestWeights {
 public:
  // Goes on from folder/best.safetensors if it exists. `folder` empty: nothing is stored. Throws ConfigError when the
  // file was written under another `digest` (the run's configuration as text).
  BestWeights(NamedTensors parameters, const std::string& folder, std::string digest);

  bool knows(const std::string& stage, std::int64_t step) const;
  // Records the score of the weights that the parameters hold now, and keeps those of the highest score (of equal ones
  // the later).
  void offer(const DevScore& score);
  // Puts the best weights into the parameters. Precondition: something was offered.
  void restore();

  const std::vector<DevScore>& scores() const { return scores_; }  // in the order of the run
  std::size_t best() const { return best_; }                       // index into scores()

 private:
  void load();
  void save() const;

  NamedTensors parameters_;
  std::string file_, digest_;
  std::vector<at::Tensor> weights_;
  std::vector<DevScore> scores_;
  std::size_t best_ = 0;
};

}  // namespace heat::offline
