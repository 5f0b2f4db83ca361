// Runs a workload's nodes one after another in plain loops: in real numbers, to calibrate the scales, and in the PPU's
// integers (spec/arithmetic.h), to know what the machine must answer. Mappings, groups and timing play no part.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/schedule/network.h"

namespace heat::offline {

// Real values of every tensor after a run; given tensors hold what they were given, parameter tensors are empty.
struct RealValues {
  spec::IdVector<spec::TensorId, std::vector<float>> tensors;
  spec::IdVector<spec::NodeId, float> before_activation;  // a node's largest magnitude ahead of its activation table
};

// `input`: row-major values of network.input; with a mask all of it counts. Precondition: network.has_weights().
RealValues evaluate_real(const Network& network, const std::vector<float>& input);

// `values`: given tensors filled by the caller (weights, parameters, input), the others computed here.
void evaluate_integer(const spec::Workload& workload, TensorBytes& values);

}  // namespace heat::offline
