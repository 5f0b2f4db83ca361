// One channel: queues, scheduler, DRAM state and statistics, without SystemC.
//
// Time goes from event to event. Two ways to drive it, not to be mixed while accesses wait:
//   offer(access, not_before)      blocks (advances time) until the access is in its queue
//   enqueue(access, not_before)    puts it into an input list of any length, which is in the order of not_before;
//                                  advance_to() moves it into the queue
// At most one access enters a channel per cycle, in order; an access that enters in cycle t, be it into the slot
// that a command of cycle t freed, does so after all commands of that cycle and can be served from t + 1 on.
#pragma once

#include <vector>

#include "base/errors.h"
#include "sim/dram/energy.h"
#include "sim/dram/scheduler.h"
#include "sim/dram/statistics.h"
#include "sim/dram/types.h"
#include "spec/dram_spec.h"

namespace heat::dram {

// Hears every command; for rank commands place.bank is the rank's first and row/column mean nothing.
class CommandSink {
 public:
  virtual ~CommandSink() = default;
  virtual void on_command(Cycle t, spec::DramCommand command, const Place& place) = 0;
};

class Controller {
 public:
  struct Acceptance {
    std::uint64_t tag = 0;
    Cycle at = 0;
  };

  explicit Controller(const spec::DramSpec& spec);
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  void set_command_sink(CommandSink* sink) { sink_ = sink; }
  void report_acceptances(bool on) { report_acceptances_ = on; }

  // Returns the cycle of entry, at least not_before.
  Cycle offer(const Access& access, Cycle not_before);
  void enqueue(const Access& access, Cycle not_before) {
    HEAT_CHECK(waiting() == 0 || not_before >= input_.back().not_before, "accesses are enqueued in the order of time");
    input_.push_back({access, not_before});
    input_writes_ += access.write;
  }

  // Issues every command and accepts every enqueued access of cycles <= t.
  void advance_to(Cycle t);
  // Runs until no access waits. Refreshes do not keep it going.
  void drain();
  // Earliest cycle at which anything happens; kNever when nothing can without a new access (refreshes that fall due in
  // an idle channel are caught up with when the next access comes).
  Cycle next_event();
  // No data of an access that is not completed yet can be through before this cycle.
  Cycle earliest_finish();
  bool idle() const { return waiting() == 0 && nothing_queued(); }
  std::size_t waiting() const { return input_.size() - next_input_; }

  // Accesses done since the caller last cleared the list, in the order of their column commands.
  std::vector<Completion>& completions() { return completions_; }
  std::vector<Acceptance>& acceptances() { return acceptances_; }

  const ChannelStatistics& statistics() const { return statistics_; }
  const EnergyMeter& energy() const { return energy_; }

 private:
  struct Waiting {
    Access access;
    Cycle not_before;
  };

  Access take_input();
  bool nothing_queued() const { return s_.reads.size() == 0 && s_.writes.size() == 0; }
  bool has_space(const Access& a) const {
    if (spec_.free) return true;
    return a.write ? !s_.writes.full() : !s_.reads.full();
  }
  Cycle input_time() const;
  Cycle command_time();
  void accept(const Access& access, Cycle t);
  bool answered_by_write_queue(const Access& access, Cycle t);
  void answer_at_once(const Access& access, Cycle t);
  bool update_direction(Cycle t) {
    const bool turned = s_.direction.update(s_.reads, s_.writes, age_, t);
    if (turned) waits_.direction(s_.direction.writes(), t);
    return turned;
  }
  void step(Cycle t);
  void issue(const Plan& plan);
  void issue_column(const Plan& plan);
  void issue_row(const Plan& plan);
  void issue_rank(const Plan& plan);
  void close_bank(int bank, int rank, Cycle t);
  void complete(const Completion& done);
  void count_data(bool write, Cycle first, Cycle end);
  void refreshed(const Plan& plan, int stride, Cycle duration);

  // controller_idle.cpp: repeats what an idle channel does round after round of refreshes, up to cycle `limit`.
  void skip_idle_time(Cycle limit);
  std::vector<Cycle> idle_state(Cycle t) const;
  Cycle idle_change() const;
  void step_to(Cycle limit);

  const spec::DramSpec spec_;
  ChannelState s_;
  Scheduler scheduler_;
  EnergyMeter energy_;
  ChannelStatistics statistics_;
  CommandSink* sink_ = nullptr;
  const int read_latency_, write_latency_;
  const Cycle act_to_pre_, rd_to_pre_, wr_to_pre_;
  const Cycle turn_gap_limit_;
  WaitClock waits_;

  Plan plan_;
  bool stale_ = true;  // plan_ must be made anew
  Cycle now_ = 0;
  Cycle last_entry_ = -1;
  Cycle slot_free_ = 0;  // when a full queue gave up a slot last
  std::uint64_t age_ = 0;
  std::vector<Waiting> input_;  // those from next_input_ on
  std::size_t next_input_ = 0;
  int input_writes_ = 0;  // of input_
  std::vector<Completion> completions_;
  std::vector<Acceptance> acceptances_;
  bool report_acceptances_ = false;
  bool last_data_write_ = false;
  Cycle last_data_end_ = 0;
};

}  // namespace heat::dram
