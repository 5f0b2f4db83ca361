// An engine of a chiplet: a queue of commands executed in order, each after the commands its wait words name.
//
// A command occupies the engine until execute() returns; it may complete later (a packet is still on its way) and
// completes in order. Completion raises the engine's count on the chiplet's scoreboard, which others wait for.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <systemc>
#include <vector>

#include "firmware/include/simba_abi.h"
#include "sim/simba_l/deadlock.h"
#include "sim/simba_l/run_context.h"

namespace heat::simba {

struct Command {
  std::array<std::uint32_t, SIMBA_CMD_WORDS> words{};
  std::uint32_t operator[](std::size_t i) const { return words[i]; }
  int node() const { return static_cast<int>(words[SIMBA_CMD_NODE]); }
  // Box of the view: first element and elements.
  Box box() const {
    Box b;
    for (std::size_t i = 0; i < 3; ++i) {
      b.start[i] = words[SIMBA_CMD_START + i];
      b.count[i] = words[SIMBA_CMD_COUNT + i];
    }
    return b;
  }
};

class SignalBoard;

// Commands completed, by engine, those whose completion is settled though it may lie ahead, and signals that came from
// every chiplet.
struct Scoreboard {
  std::array<std::uint32_t, SIMBA_ENGINES> done{}, settled{};
  std::uint32_t results = 0;
  std::vector<std::int64_t> result_cycles;  // when each of `results` came
  const SignalBoard* signals = nullptr;     // where they come from
  sc_core::sc_event changed, settled_changed;
};

class Engine;
using Engines = std::array<Engine*, SIMBA_ENGINES>;  // of a chiplet

class Engine : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Engine);
  Engine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, spec::ChipletId chiplet, int unit);

  // The controller checks free_entries() before it pushes.
  void push(const Command& command);
  int free_entries() const { return context_.arch.controller.queue_depth - static_cast<int>(queue_.size()); }
  spec::ChipletId chiplet() const { return chiplet_; }
  bool idle() const { return queue_.empty() && in_flight_.empty(); }
  // Notified when an entry leaves the queue or a command completes.
  sc_core::sc_event& interrupt() { return interrupt_; }
  std::uint32_t pushed() const { return pushed_commands_; }
  // "command 7 (node 'x', step 2)" of the n-th command pushed (from 1); without a node once it has completed.
  std::string command_text(std::uint32_t n) const;
  // What it waits for, when nothing is under way. `engines`: those of its chiplet.
  Blocked blocked(const Engines& engines) const;

 protected:
  // Up to cycle `until` the command waited for this.
  struct Wait {
    std::int64_t until = 0;
    StallReason reason{};
  };
  struct InFlight {
    Command command;
    std::vector<Wait> waits;                          // one behind the other; after the last one it is at work
    std::int64_t done = -1;                           // cycle of completion, once known
    std::shared_ptr<std::vector<std::int8_t>> bytes;  // what it writes into the global buffer, with data
    int log = -1;                                     // its entry of the command log
  };
  // What the timeline calls the command.
  virtual WorkKind work_kind(const Command& command) const = 0;
  // Runs in the engine's thread at the command's start; may wait; returns when the engine is free for the next command.
  // Must arrange one complete() for it.
  virtual void execute(InFlight& entry) = 0;
  // The command's effect on data, at its completion.
  virtual void finish(const InFlight&) {}
  // Adds to `blocked` what a command that has started waits for, beside time.
  virtual void explain(const InFlight&, Blocked&) const {}

  // The command completes at `cycle` (not before what it follows).
  void complete(InFlight& entry, std::int64_t cycle);
  void wait_until(std::int64_t cycle) { context_.wait_until(cycle); }
  RunContext& context_;
  Scoreboard& scoreboard_;
  const spec::ChipletId chiplet_;
  const int unit_;

 private:
  void run();
  void retire();
  void wait_for_dependencies(const Command& command, std::vector<Wait>& waits);
  static bool waits_until_settled(int waiting, int engine) {
    return waiting == SIMBA_COMPUTE || engine == SIMBA_COMPUTE;
  }
  void random_stall(std::vector<Wait>& waits);
  void account(const InFlight& entry);
  int log_start(const Command& command, std::int64_t pushed) const;

  struct Queued {
    Command command;
    std::int64_t since = 0;
  };
  std::deque<Queued> queue_;
  std::deque<InFlight> in_flight_;
  std::uint32_t pushed_commands_ = 0;
  sc_core::sc_event pushed_, interrupt_;
  Alarm completion_;
  std::uint64_t random_ = 0;
};

}  // namespace heat::simba
