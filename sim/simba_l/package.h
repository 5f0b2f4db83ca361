// The package: chiplets on the NoP, the DRAM's port, the barrier and the watchdog.
#pragma once

#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/simba_l/chiplet.h"

namespace heat::simba {

class Package : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Package);
  Package(sc_core::sc_module_name name, RunContext& context);

  DramPort port;  // bind port.socket to the DRAM
  BarrierUnit barrier;
  std::function<void()> before_start;  // called when everything is bound, before time begins

  bool finished() const { return barrier.running() == 0; }
  // Throws the error that stopped the run, or a ScheduleError that names who waits for what when work is left.
  void check_finished() const;

 private:
  void start_of_simulation() override {
    if (before_start) before_start();
  }
  void watch();

  RunContext& context_;
  PackageFabric fabric_;
  Rendezvous rendezvous_;
  std::vector<std::unique_ptr<Chiplet>> chiplets_;
};

}  // namespace heat::simba
