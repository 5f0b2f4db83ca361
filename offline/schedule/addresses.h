// Where the tensors of a plan lie in DRAM.
#pragma once

#include "spec/plan.h"

namespace heat::offline {

// Gives every tensor that has no home in the global buffers and that no group keeps there an address (a multiple of 64):
// tensors that are given before the run first, so that the image has no holes. -1 for the others.
void assign_addresses(const spec::Workload& workload, spec::Plan& plan);

}  // namespace heat::offline
