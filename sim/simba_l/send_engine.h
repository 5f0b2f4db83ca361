// Sends the PE tiles of a wave from the global buffer over the NoC: weights to the PEs that share (b, m), inputs to
// those that share (b, n), each of the same k, every distinct tile read once and multicast.
#pragma once

#include <string>

#include "machines/simba/pe_timing.h"
#include "sim/simba_l/chiplet_core.h"

namespace heat::simba {

class SendEngine : public Engine {
 public:
  // unit: SIMBA_SEND_WEIGHT or SIMBA_SEND_INPUT.
  SendEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core, int unit);

 private:
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command& c) const override {
    return WaveShape(c).active(weight_ ? 2 : 1) > 1 ? WorkKind::kFillMulticast : WorkKind::kFill;
  }
  PeClock::Operand& operand(spec::PeId pe) { return weight_ ? core_.clock(pe).weight : core_.clock(pe).input; }
  std::int64_t deliver(std::int64_t start, std::int64_t read, std::size_t half, std::int64_t bytes,
                       const std::vector<Noc::Endpoint>& receivers, int node);
  void copy(const GbPlace& place, const Box& box, std::size_t half, const std::vector<Noc::Endpoint>& receivers);
  // Calls visit(box, receivers) for each distinct tile.
  template <class Visit>
  void each_tile(const Command& command, const Visit& visit) const;

  ChipletCore& core_;
  const bool weight_;
  const spec::BufferSpec& buffer_;
  const machines::simba::PeTiming timing_;
  std::vector<std::int64_t> arrivals_;  // of the present tile
};

}  // namespace heat::simba
