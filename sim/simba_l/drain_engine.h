// Drains the accumulation buffers of a wave through the PPUs into the global buffer.
#pragma once

#include "machines/simba/pe_timing.h"
#include "sim/simba_l/chiplet_core.h"
#include "sim/simba_l/sum_chain.h"

namespace heat::simba {

class DrainEngine : public Engine {
 public:
  DrainEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core);

 private:
  // One output tile: whose sums it is made of, the first of them in the PE that drains it, and its box (b, m, bytes of n) in
  // the output.
  struct Part {
    SumChain chain;
    Box box;
    std::array<std::int64_t, 3> in_wave{};  // first element within the wave
  };
  int hops_to_port(const Part& part) const;               // NoC links from its PE to the global buffer
  std::vector<Part> parts(const Command& command) const;  // nearest PE first
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command& c) const override {
    return c[SIMBA_CMD_ACTIVATION] ? WorkKind::kDrainActivation : WorkKind::kDrain;
  }
  void finish(const InFlight& entry) override;
  std::int64_t fetch_parameters(const Command& command, std::int64_t now);
  void requantise_wave(InFlight& entry, const std::vector<Part>& list);
  // Throws when the accumulators do not hold one of them.
  void check_sums(const Command& command, const std::int32_t* sums, std::int64_t count) const;
  // Appends to `out`.
  void requantise_part(const Command& command, const Part& part, std::vector<std::int8_t>& out) const;

  ChipletCore& core_;
  const machines::simba::PeTiming timing_;
};

}  // namespace heat::simba
