// Construction only: the chiplets share the DRAM's ports, the NoP, the joint loads and the signals.
#include "sim/simba_l/package.h"

namespace heat::simba {

Package::Package(sc_core::sc_module_name name, RunContext& context)
    : sc_core::sc_module(name), signals("signals", context), fabric_(context, ports) {
  for (int p = 0; p < context.arch.dram_ports.count(); ++p)
    ports.push_back(std::make_unique<DramPort>(("dram_port" + std::to_string(p)).c_str(), context, p));
  if (context.options.waves) fabric_.nop.keep(context.waves.busy, "nop.");
  for (int c = 0; c < context.arch.chiplets(); ++c)
    chiplets_.push_back(std::make_unique<Chiplet>(("chiplet" + std::to_string(c)).c_str(), context, spec::ChipletId(c),
                                                  fabric_, rendezvous_, signals));
}

std::vector<Blocked> Package::blocked() const {
  std::vector<Blocked> units;
  for (const auto& c : chiplets_) c->add_blocked(units);
  return units;
}

std::vector<spec::ResourceUse> Package::resources() const {
  spec::BusiestUnits units;
  for (const auto& c : chiplets_) c->add_use(units);
  fabric_.nop.add_use(units, "nop", "nop.");
  for (const auto& port : ports) units.add("dram_port", port->basename(), port->used());
  return units.list();
}

}  // namespace heat::simba
