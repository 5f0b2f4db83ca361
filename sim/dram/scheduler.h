// FR-FCFS: which command a channel issues next, and when.
//
// The scheduler looks at what may be issued and returns the earliest command; of those that become ready in the same
// cycle refresh goes first, then column commands (row hits), then row commands, the oldest request first within each.
// As long as no request arrives and no refresh falls due, that plan stands: nothing can happen before it.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "sim/dram/bank_state.h"
#include "sim/dram/bus_direction.h"
#include "sim/dram/energy.h"
#include "sim/dram/refresh.h"
#include "sim/dram/request_queue.h"
#include "sim/dram/timing_table.h"

namespace heat::dram {

struct Plan {
  Cycle at = kNever;
  spec::DramCommand command = spec::DramCommand::kAct;
  int priority = 0;  // smaller goes first
  int rank = 0;
  int bank = 0;                    // for rank commands the rank's first
  int slot = RequestQueue::kNone;  // entry served, in the queue that is scheduled
  std::uint64_t age = 0;
};

// What one channel schedules from.
struct ChannelState {
  ChannelState(const spec::DramSpec& spec);

  TimingTable timing;
  BankStates banks;
  Refresh refresh;
  RequestQueue reads, writes;
  std::vector<RankPower> power;   // by rank
  std::vector<Cycle> idle_since;  // by rank
  std::vector<int> queued;        // requests by rank, both queues
  BusDirection direction;
  RequestQueue& scheduled() { return direction.writes() ? writes : reads; }
  Cycle row_bus_free = 0, column_bus_free = 0;  // the same value when there is one command bus
};

class Scheduler {
 public:
  Scheduler(const spec::DramSpec& spec, ChannelState& state);

  // The next command, not before `now`; at = kNever when there is nothing to do.
  Plan next(Cycle now);
  // The same after an access came to `bank`, which had none waiting: `plan` is still the best of the other banks.
  void reconsider(Plan& plan, int bank, Cycle now) {
    now_ = now;
    note_shared(rank_of_bank_[static_cast<std::size_t>(bank)]);
    plan_bank(plan, bank);
  }

 private:
  void offer(Plan& best, const Plan& plan, Cycle ready) const;
  // Refresh and power commands of a rank. Returns whether its banks may take requests' commands.
  bool plan_rank(Plan& best, int rank);
  void plan_all_bank_refresh(Plan& best, int rank);
  bool being_refreshed(int rank, int bank) const {
    const int first = bank_in_refresh_[static_cast<std::size_t>(rank)];
    return first >= 0 && (bank - first) % refresh_stride_ == 0;
  }
  bool overdue(const RequestQueue::Entry& entry, Cycle t) const { return t - entry.arrival >= max_wait_; }
  int plan_bank_refresh(Plan& best, int rank);
  void plan_power_down(Plan& best, int rank);
  void plan_self_refresh(Plan& best, int rank);
  void plan_bank(Plan& best, int bank);
  void note_shared(int rank);
  Cycle earliest(spec::DramCommand command, int rank, int bank) const {
    return std::max(s_.timing.earliest_of_bank(command, bank),
                    shared_[static_cast<std::size_t>(rank)][static_cast<std::size_t>(spec::index(command))]);
  }
  void plan_timeouts(Plan& best);
  spec::DramCommand column_command(const RequestQueue& queue, int slot) const;
  void offer_rank(Plan& best, spec::DramCommand command, int rank, int priority, Cycle not_before) const;

  const spec::DramController policy_;
  const int banks_per_rank_;
  const int refresh_stride_;  // between the banks of one per-bank refresh
  const Cycle max_wait_;
  ChannelState& s_;
  Cycle now_ = 0;
  // By rank and command: the earliest cycle as far as its rank, the channel, the command bus and the present go.
  std::vector<std::array<Cycle, spec::kDramCommands>> shared_;
  bool special_ranks_ = false;  // some rank is blocked or has a bank being refreshed
  std::vector<char> rank_blocked_;
  std::vector<int> bank_in_refresh_;  // by rank, first bank of the refresh that is due; -1 when none
  std::vector<int> rank_of_bank_;
};

}  // namespace heat::dram
