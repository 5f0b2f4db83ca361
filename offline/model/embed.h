// The host's part ahead of the machine: what enters a network's body.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/model/torch_model.h"

namespace heat::offline {

// The operators ahead of the body in double, without dropout: row-major [ids, features]. Throws base::ConfigError on an
// operator other than embeddings, sums and norms.
std::vector<float> embed(const TorchModel& model, const std::vector<std::int32_t>& ids);

}  // namespace heat::offline
