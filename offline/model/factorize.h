// Replacing a model's dense encoder layers by factorised ones.
#pragma once

#include <string>
#include <vector>

#include "offline/model/factorized_linear.h"
#include "offline/model/torch_model.h"

namespace heat::offline {

// A deep copy of a model whose encoder may be factorised or dense.
TorchModel clone(const TorchModel& model);

// Throws ConfigError with all that is wrong with the forms of a model's layers: unknown layers, shapes that do not fit
// them, ranks that the method rejects. `place` (a file) stands before each.
void check_forms(TorchModel& model, const std::vector<LayerForm>& forms, const std::string& place);

// Layer-wise projection: each named layer's weight is decomposed at its form's ranks, clipped to what is feasible, which
// minimises ||W - W'||_F (paper 2.2.3). Layers without a form stay dense. Returns the relative error of each. Throws
// ConfigError on what check_forms rejects and on a layer that is factorised already.
std::vector<double> factorize(TorchModel& model, const std::vector<LayerForm>& forms,
                              const DecomposeOptions& options = {});

// The factorised layers in the encoder's order (none of a dense model).
std::vector<std::pair<std::string, FactorizedLinear*>> factorized_layers(TorchModel& model);

// Parameters of the encoder's linear layers: of the cores at their active ranks, without biases.
std::int64_t encoder_parameters(TorchModel& model);

}  // namespace heat::offline
