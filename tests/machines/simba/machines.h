// Machines the mapper's tests run on.
#pragma once

#include <string>

#include "spec/arch_spec.h"
#include "spec/energy_table.h"

namespace heat::machines::simba {

inline spec::ArchSpec simba_l() {
  return spec::ArchSpec::load(std::string(HEAT_SOURCE_DIR) + "/configs/arch/simba-l.yaml");
}
inline spec::EnergyTable energy_of(const spec::ArchSpec& arch) {
  return spec::EnergyTable::load(arch.energy_config);
}

// A machine so small that edges are everywhere: 2 x 1 chiplets of 3 x 2 PEs with 4 lanes of width 4.
inline spec::ArchSpec tiny() {
  spec::ArchSpec a = simba_l();
  a.name = "tiny";
  a.nop.width = 2;
  a.nop.height = 1;
  a.noc.width = 3;
  a.noc.height = 2;
  a.noc.link_bytes_per_cycle = 8;
  a.pe.lanes = a.pe.width = 4;
  a.pe.weight_buffer.capacity = spec::Bytes(512);
  a.pe.input_buffer.capacity = spec::Bytes(256);
  a.pe.accumulation_buffer.capacity = spec::Bytes(512);
  a.pe.ppu_elements_per_cycle = 4;
  a.global_buffer.capacity = spec::Bytes(4096);
  a.global_buffer.word_bytes = 8;
  return a;
}

}  // namespace heat::machines::simba
