// A chiplet's controller: runs the firmware behind the register map of firmware/include/simba_abi.h.
//
// The native controller executes the host build of the firmware in an SC_THREAD. A command pushed costs command_cycles;
// sleeping costs nothing until an interrupt.
#pragma once

#include <array>
#include <systemc>
#include <vector>

#include "sim/simba_l/engine.h"

namespace heat::simba {

class Controller : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Controller);
  Controller(sc_core::sc_module_name name, RunContext& context, spec::ChipletId chiplet, const Engines& engines,
             const Scoreboard& scoreboard);

  bool halted() const { return halted_; }
  // What it waits for, when nothing is under way.
  Blocked blocked() const;

 private:
  void run();
  void interrupt();
  std::uint32_t read(std::uint32_t address);
  void write(std::uint32_t address, std::uint32_t value);
  void sleep();
  void push(std::uint32_t engine);
  void account(WorkKind kind, StallReason reason);
  void flush();
  std::string last_node_text() const;  // " after a command of node 'x'", or empty before the first

  RunContext& context_;
  const spec::ChipletId chiplet_;
  Engines engines_;
  const Scoreboard& scoreboard_;
  Command command_;
  bool halted_ = false, pending_ = false;
  StallReason polled_ = StallReason::kQueueFull;  // what the firmware last asked for
  int polled_engine_ = 0;                         // of a queue that was full
  int last_node_ = -1;
  TraceInterval going_on_;  // what it does at present, until `end`; not in the ledger yet
  sc_core::sc_event wake_;
};

}  // namespace heat::simba
