// What bounds need of the machine, worked out once.
#pragma once

#include "machines/machine.h"
#include "offline/certificate/mesh_facts.h"

namespace heat::offline::certificate {

struct MachineFacts {
  // The machine must outlive this.
  explicit MachineFacts(const machines::Machine& of);
  double pj(spec::Action action) const { return machine.energy.pj(action) * machine.calibration.dynamic_energy_factor; }
  // DRAM requests that so many bytes take at least, and cycles of all its ports together.
  double requests(double bytes) const { return bytes / static_cast<double>(machine.arch.request_bytes()); }
  double port_cycles(double bytes) const {
    return bytes / dram_bytes_per_cycle +
           requests(bytes) * machine.calibration.dram_request_cycles / machine.arch.dram_ports.count();
  }
  // From a store's first byte to its acknowledgement, of the first so many chiplets; of a load with the DRAM's latency.
  double store_latency(int chiplets) const {
    const spec::MeshSpec& nop = machine.arch.nop;
    return 2 * (nop.base_cycles + ways.far[static_cast<std::size_t>(chiplets)] * nop.hop_cycles);
  }
  double load_latency(int chiplets) const { return machine.calibration.dram_latency_cycles + store_latency(chiplets); }

  const machines::Machine& machine;
  const machines::PeArray pes;
  const PackageWays ways;
  const std::vector<int> distance;  // links from the global buffer to each PE
  const std::vector<int> farthest;  // least_farthest
  const double dram_pj, idle_pj, dram_bytes_per_cycle;
};

}  // namespace heat::offline::certificate
