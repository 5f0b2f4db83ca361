// The values of a contraction's static operands: cores, and what is computed from several cores before the run.
#pragma once

#include <string>
#include <vector>

#include "offline/decompose/decomposition.h"
#include "offline/path/tensor_network.h"

namespace heat::offline {

// Values of the static operand `name` ("core0", or "row0*col1" for a product of cores) with axes `indices`, row-major.
// `network`: as made by factorized_linear_network; `cores`: its static operands.
std::vector<float> static_values(const TensorNetwork& network, const std::vector<Core>& cores, const std::string& name,
                                 const std::vector<spec::Index>& indices);

// `data` with axes `from` seen row-major with axes `to` (the same indices in another order).
std::vector<float> permute_axes(const std::vector<float>& data, const std::vector<spec::Index>& from,
                                const std::vector<spec::Index>& to, const std::map<spec::Index, std::int64_t>& sizes);

}  // namespace heat::offline
