// Energy: of the multiplications, of the DRAM's bytes, and of idle power for the least cycles.
#include "offline/schedule/least_cost.h"

#include <algorithm>

namespace heat::offline {

machines::Cost least_cost(const spec::Workload& workload, const machines::Machine& machine, int chiplets) {
  double macs = 0, bytes = 0, compute = 0;
  for (const spec::Node& n : workload.nodes) {
    macs += static_cast<double>(n.macs());
    if (n.gemm) compute += machine.least_cycles(n.gemm->extents);
  }
  for (const spec::Tensor& t : workload.tensors)
    if (t.kind != spec::TensorKind::kIntermediate) bytes += static_cast<double>(t.bytes());
  if (chiplets > 0) compute *= static_cast<double>(machine.arch.chiplets()) / chiplets;
  const double cycles = std::max(compute, bytes / machine.arch.dram_bytes_per_cycle());
  return {cycles, macs * machine.least_mac_pj() + bytes * machine.calibration.dram_pj_per_byte_with(machine.energy) +
                      cycles * machine.idle_pj_per_cycle()};
}

}  // namespace heat::offline
