// The package: chiplets on the NoP, the DRAM's ports and the signals.
#pragma once

#include <functional>
#include <memory>
#include <systemc>
#include <vector>

#include "sim/simba_l/chiplet.h"

namespace heat::simba {

class Package : public sc_core::sc_module {
 public:
  Package(sc_core::sc_module_name name, RunContext& context);

  std::vector<std::unique_ptr<DramPort>> ports;  // bind their sockets to the DRAM
  SignalBoard signals;
  std::function<void()> before_start;  // called when everything is bound, before time begins

  bool finished() const { return fabric_.context.running_chiplets == 0; }
  // Every unit, and what it waits for when nothing is under way.
  std::vector<Blocked> blocked() const;
  // The busiest unit of each kind of resource, so far.
  std::vector<spec::ResourceUse> resources() const;

 private:
  void start_of_simulation() override {
    if (before_start) before_start();
  }

  PackageFabric fabric_;
  Rendezvous rendezvous_;
  std::vector<std::unique_ptr<Chiplet>> chiplets_;
};

}  // namespace heat::simba
