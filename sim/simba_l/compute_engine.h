// Runs the PE tiles of a wave. PEs progress by themselves: each begins when its own operands are there and its own tile
// before is done.
#pragma once

#include "machines/simba/pe_timing.h"
#include "sim/simba_l/chiplet_core.h"

namespace heat::simba {

class ComputeEngine : public Engine {
 public:
  ComputeEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core);

 private:
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command&) const override { return WorkKind::kCompute; }
  static Wait start_of(const Command& command, const PeClock& pe, std::int64_t now);
  static void set_clock(const Command& command, PeClock& pe, std::int64_t done);
  void multiply(const Command& command, const WaveShape& w);
  ChipletCore& core_;
  const machines::simba::PeTiming timing_;
};

}  // namespace heat::simba
