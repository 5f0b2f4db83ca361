// Replacing a model's dense encoder layers by factorised ones.
#pragma once

#include <string>
#include <vector>

#include "offline/model/factorized_linear.h"
#include "offline/model/torch_model.h"

namespace heat::offline {

// How one encoder layer ("bert.encoder.layer.0.attention.self.query") is decomposed.
struct LayerPlan {
  std::string layer;
  Method method = Method::kSvd;
  TensorShape shape;                // of the weight [out, in]
  std::vector<std::int64_t> ranks;  // clipped to what is feasible (feasible_ranks)
};

// A deep copy of a model whose encoder may be factorised or dense.
TorchModel clone(const TorchModel& model);

// Layer-wise projection: each planned layer's weight is decomposed at its ranks, which minimises ||W - W'||_F (paper
// 2.2.3). Layers without a plan stay dense. Returns the relative error of each plan. Throws ConfigError on an unknown
// layer, a layer that is factorised already, or a shape that does not fit.
std::vector<double> factorize(TorchModel& model, const std::vector<LayerPlan>& plans,
                              const DecomposeOptions& options = {});

// The factorised layers in the encoder's order (none of a dense model).
std::vector<std::pair<std::string, FactorizedLinear*>> factorized_layers(TorchModel& model);

// Parameters of the encoder's linear layers: of the cores at their active ranks, without biases.
std::int64_t encoder_parameters(TorchModel& model);

}  // namespace heat::offline
