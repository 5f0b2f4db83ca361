// Runs the PE tiles of a wave: all PEs work side by side, the largest tile sets the time.
#pragma once

#include "sim/simba_l/chiplet_core.h"

namespace heat::simba {

class ComputeEngine : public Engine {
 public:
  ComputeEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core);

 private:
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command&) const override { return WorkKind::kCompute; }
  void finish(const InFlight& entry) override;
  ChipletCore& core_;
};

}  // namespace heat::simba
