// Everything is asked of the machine once.
#include "offline/certificate/machine_facts.h"

namespace heat::offline::certificate {

MachineFacts::MachineFacts(const machines::Machine& of)
    : machine(of),
      pes(of.pe_array()),
      ways(of.arch),
      distance(distances(of.arch.noc)),
      farthest(least_farthest(distance)),
      dram_pj(of.calibration.dram_pj_per_byte_with(of.energy)),
      idle_pj(of.idle_pj_per_cycle()),
      dram_bytes_per_cycle(of.arch.dram_bytes_per_cycle() * of.calibration.dram_bandwidth_factor) {}

}  // namespace heat::offline::certificate
