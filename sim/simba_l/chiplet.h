// A chiplet: global buffer, NoC, PEs, the engines and the controller.
#pragma once

#include <memory>
#include <string>
#include <systemc>

#include "sim/simba_l/controller.h"
#include "sim/simba_l/dma_engine.h"
#include "sim/simba_l/signal_engine.h"

namespace heat::simba {

class Chiplet : public sc_core::sc_module {
 public:
  Chiplet(sc_core::sc_module_name name, RunContext& context, spec::ChipletId number, PackageFabric& fabric,
          Rendezvous& rendezvous, SignalBoard& signals);

  void add_use(spec::BusiestUnits& units) const { core_.add_use(units); }
  // Adds every unit, and what it waits for when nothing is under way.
  void add_blocked(std::vector<Blocked>& units) const;

 private:
  ChipletCore core_;
  Scoreboard scoreboard_;
  std::array<std::unique_ptr<Engine>, SIMBA_ENGINES> engines_;
  std::unique_ptr<Controller> controller_;
};

}  // namespace heat::simba
