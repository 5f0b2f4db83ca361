// AdamW (Loshchilov & Hutter 2019) with gradient clipping and a moving average of the weights, in one pass.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "offline/model/linear.h"

namespace heat::offline {

struct AdamWOptions {
  double beta1 = 0.9, beta2 = 0.98, epsilon = 1e-6;
  double weight_decay = 0.01;  // not applied to biases and layer norms
  double clip_norm = 1.0;      // of the whole gradient; 0: none
  double average_decay = 0.0;  // moving average of the weights; 0: none
};

class AdamW {
 public:
  AdamW(NamedTensors parameters, const AdamWOptions& options);

  void set_options(const AdamWOptions& options) { options_ = options; }
  void zero_gradients();
  // One update with learning rate `rate`. Returns the gradient's norm before clipping. Parameters without a gradient
  // stay (their moments too).
  double step(double rate);
  std::int64_t steps() const { return steps_; }

  // Puts the averaged weights in place of the trained ones, or back. No effect without an average.
  void swap_average();
  // Starts the average at the present weights.
  void reset_average();

  // "param/<name>", "m/<name>", "v/<name>", "average/<name>": what a resumed run needs.
  std::map<std::string, at::Tensor> state() const;
  void set_steps(std::int64_t steps) { steps_ = steps; }
  const NamedTensors& parameters() const { return parameters_; }

 private:
  NamedTensors parameters_;
  AdamWOptions options_;
  std::vector<at::Tensor> m_, v_, average_;
  std::int64_t steps_ = 0;
};

}  // namespace heat::offline
