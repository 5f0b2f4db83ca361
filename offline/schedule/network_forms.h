// What a network's layers hold, asked for by the lowering.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "offline/network/activation.h"
#include "offline/schedule/linear_lowering.h"

namespace heat::offline {

// A linear map of a network's body: its operator's name ("encoder.layer.0.attention.self.query"), the checkpoint's name
// of its parameters, its sizes, and the activation that its last node applies.
struct LinearLayer {
  std::string name, parameters;
  std::int64_t in = 0, out = 0;
  Activation activation = Activation::kNone;
};

struct NormLayer {
  std::string name, parameters;
  std::int64_t features = 0;
};

struct NormForm {
  std::vector<float> gamma, beta;  // empty: no values
};

struct NetworkForms {
  std::function<LinearForm(const LinearLayer& layer)> linear;
  std::function<NormForm(const NormLayer& layer)> norm;
  LoweringTarget target;
};

}  // namespace heat::offline
