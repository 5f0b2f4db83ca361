// How chiplets tell one another that a group's results are in place: each signals once a group that others wait for, in
// the order of the groups; a chiplet knows how many signals have come from all.
#pragma once

#include <vector>

#include "sim/simba_l/engine.h"

namespace heat::simba {

// The package's side: when the last chiplet has sent its n-th signal, every chiplet hears of it as soon as the messages
// that are longest on their way arrive. One kernel event a chiplet and signal.
class SignalBoard : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(SignalBoard);
  SignalBoard(sc_core::sc_module_name name, RunContext& context);
  // Where the results that a chiplet has heard of are counted. Call once a chiplet, in their order.
  void attach(Scoreboard& scoreboard) {
    scoreboards_.push_back(&scoreboard);
    scoreboard.signals = this;
  }
  // A message of `from` is on its way from `cycle` on.
  void sent(spec::ChipletId from, std::int64_t cycle);
  // Chiplets that have sent no more than `n` signals.
  std::vector<spec::ChipletId> missing(std::uint32_t n) const;

 private:
  struct Arrival {
    std::int64_t cycle = 0;
    std::size_t chiplet = 0;
    bool operator>(const Arrival& o) const { return cycle != o.cycle ? cycle > o.cycle : chiplet > o.chiplet; }
  };
  void deliver();

  RunContext& context_;
  std::vector<Scoreboard*> scoreboards_;
  std::vector<std::uint32_t> sent_by_;             // signals sent, by chiplet
  std::vector<std::vector<std::int64_t>> cycles_;  // of signal n, by sender; empty once all have sent it
  std::vector<std::size_t> senders_;               // of signal n, so far
  std::vector<Arrival> arrivals_;                  // a heap
  Alarm due_;
};

class SignalEngine : public Engine {
 public:
  SignalEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, spec::ChipletId chiplet,
               SignalBoard& board);

 private:
  void execute(InFlight& entry) override;
  WorkKind work_kind(const Command&) const override { return WorkKind::kSignal; }
  SignalBoard& board_;
};

}  // namespace heat::simba
