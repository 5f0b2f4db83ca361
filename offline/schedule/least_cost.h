// What a workload costs on a machine at least.
#pragma once

#include "machines/machine.h"
#include "spec/workload.h"

namespace heat::offline {

// Cycles and energy that no plan of the workload on so many chiplets (0: all) goes below: every multiplier at work in all
// cycles, whole vectors where an extent does not fill them; or all DRAM ports, which weights, inputs and outputs pass once.
machines::Cost least_cost(const spec::Workload& workload, const machines::Machine& machine, int chiplets = 0);

}  // namespace heat::offline
