// What a command does to the channel: buses, constraints, banks, queues, meters.
#include <algorithm>

#include "base/errors.h"
#include "sim/dram/controller.h"

namespace heat::dram {

using C = spec::DramCommand;

void Controller::issue(const Plan& plan) {
  const Cycle busy = plan.at + spec_.command_cycles[static_cast<std::size_t>(spec::index(plan.command))];
  if (spec::is_column(plan.command) || !spec_.split_command_bus) s_.column_bus_free = busy;
  if (!spec::is_column(plan.command) || !spec_.split_command_bus) s_.row_bus_free = busy;
  s_.timing.issue(plan.command, plan.bank, plan.at);
  ++statistics_.commands[static_cast<std::size_t>(spec::index(plan.command))];
  energy_.command(plan.command, plan.bank);
  if (spec::is_rank_command(plan.command))
    issue_rank(plan);
  else if (spec::is_column(plan.command))
    issue_column(plan);
  else
    issue_row(plan);
}

void Controller::issue_column(const Plan& plan) {
  const bool write = spec::is_write(plan.command);
  RequestQueue& queue = write ? s_.writes : s_.reads;
  const RequestQueue::Entry& e = queue.entry(plan.slot);
  BankState& bank = s_.banks[plan.bank];
  Completion done;
  done.tag = e.access.tag;
  done.arrival = e.arrival;
  done.issue = plan.at;
  done.finish = plan.at + (write ? write_latency_ : read_latency_);
  done.write = write;
  done.row_result = e.precharged ? RowResult::kConflict : e.activated ? RowResult::kMiss : RowResult::kHit;
  done.place = e.access.place;
  (e.precharged ? statistics_.row_conflicts : e.activated ? statistics_.row_misses : statistics_.row_hits) += 1;
  if (plan.at - e.arrival > statistics_.longest_wait.cycles) {
    statistics_.longest_wait = waits_.wait(plan.bank, write, e.arrival, queue.marks(plan.slot), plan.at);
    statistics_.longest_wait.place = done.place;
  }
  waits_.column(plan.bank, plan.at);
  if (sink_) sink_->on_command(plan.at, plan.command, done.place);
  const std::uint64_t line = e.access.line;
  if (queue.full()) slot_free_ = plan.at;
  queue.remove(plan.slot, bank.open_row);
  RequestQueue& other = write ? s_.reads : s_.writes;
  if (other.held() > 0) other.release(line, plan.bank, bank.open_row, queue.oldest_age(line, plan.bank));
  --s_.queued[static_cast<std::size_t>(plan.rank)];
  s_.idle_since[static_cast<std::size_t>(plan.rank)] = plan.at;
  ++bank.columns_since_act;
  bank.last_column = plan.at;
  if (plan.command == C::kRdAp || plan.command == C::kWrAp) {
    energy_.active_until(plan.rank,
                         std::max(bank.opened_at + act_to_pre_, plan.at + (write ? wr_to_pre_ : rd_to_pre_)));
    close_bank(plan.bank, plan.rank, plan.at);
  }
  count_data(write, done.finish - spec_.organization.burst_cycles, done.finish);
  statistics_.bytes += static_cast<std::uint64_t>(spec_.organization.access_bytes());
  update_direction(plan.at);
  complete(done);
}

void Controller::count_data(bool write, Cycle first, Cycle end) {
  statistics_.data_cycles += end - first;
  if (write != last_data_write_ && last_data_end_ > 0) {
    ++statistics_.turnarounds;
    statistics_.turnaround_cycles += std::clamp<Cycle>(first - last_data_end_, 0, turn_gap_limit_);
  }
  last_data_write_ = write;
  last_data_end_ = end;
}

void Controller::issue_row(const Plan& plan) {
  BankState& bank = s_.banks[plan.bank];
  Place place;
  place.rank = plan.rank;
  place.bank_group = plan.bank / spec_.organization.banks_per_group;
  place.bank = plan.bank;
  place.row = bank.open_row;
  const bool adaptive = spec_.controller.page_policy == spec::DramPagePolicy::kAdaptive;
  if (plan.command == C::kAct) {
    RequestQueue::Entry& e = s_.scheduled().entry(plan.slot);
    e.activated = true;
    place.row = e.access.place.row;
    s_.banks.open(plan.bank, plan.rank, place.row, plan.at);
    if (adaptive && bank.row_closed_early == place.row) bank.timeout = std::min(bank.timeout * 2, 1 << 20);
    bank.row_closed_early = BankState::kClosed;
    s_.reads.row_opened(plan.bank, place.row);
    s_.writes.row_opened(plan.bank, place.row);
    s_.idle_since[static_cast<std::size_t>(plan.rank)] = plan.at;
    energy_.state(plan.rank, RankPower::kUp, true, plan.at);
  } else if (plan.command == C::kPre) {
    if (plan.slot != RequestQueue::kNone) {
      s_.scheduled().entry(plan.slot).precharged = true;
      if (adaptive) bank.timeout = std::max(bank.timeout / 2, 8);
    } else if (adaptive) {
      bank.row_closed_early = bank.open_row;
    }
    close_bank(plan.bank, plan.rank, plan.at);
  } else if (plan.command == C::kRefBank) {
    s_.refresh.bank_done(plan.rank);
    refreshed(plan, spec_.refresh_stride(), spec_.timing("tRFCpb"));
  } else {
    HEAT_CHECK(false, std::string(spec::name(plan.command)) + " is no row command");
  }
  if (sink_) sink_->on_command(plan.at, plan.command, place);
}

// Every stride-th bank of the rank from plan.bank on is being refreshed.
void Controller::refreshed(const Plan& plan, int stride, Cycle duration) {
  statistics_.refresh_cycles += duration;
  const int end = (plan.rank + 1) * spec_.organization.banks_per_rank();
  for (int bank = plan.bank; bank < end; bank += stride) waits_.refresh(bank, plan.at, duration);
  energy_.state(plan.rank, RankPower::kUp, true, plan.at);
  energy_.active_until(plan.rank, plan.at + duration);
  if (s_.banks.open_banks(plan.rank) == 0) energy_.state(plan.rank, RankPower::kUp, false, plan.at);
}

void Controller::close_bank(int bank, int rank, Cycle t) {
  s_.banks.close(bank, rank);
  s_.reads.row_closed(bank);
  s_.writes.row_closed(bank);
  if (s_.banks.open_banks(rank) == 0) energy_.state(rank, RankPower::kUp, false, t);
}

void Controller::issue_rank(const Plan& plan) {
  const auto r = static_cast<std::size_t>(plan.rank);
  Place place;
  place.rank = plan.rank;
  place.bank = plan.bank;
  place.bank_group = plan.bank / spec_.organization.banks_per_group;
  if (sink_) sink_->on_command(plan.at, plan.command, place);
  switch (plan.command) {
    case C::kPreAll:
      for (int b = plan.bank; b < plan.bank + spec_.organization.banks_per_rank(); ++b)
        if (s_.banks[b].open_row != BankState::kClosed) close_bank(b, plan.rank, plan.at);
      return;
    case C::kRefAll:
      s_.refresh.done(plan.rank);
      refreshed(plan, 1, spec_.timing("tRFC"));
      return;
    case C::kPdEnter:
      s_.power[r] = RankPower::kPowerDown;
      break;
    case C::kSrEnter:
      s_.power[r] = RankPower::kSelfRefresh;
      s_.refresh.suspend(plan.rank);
      break;
    case C::kSrExit:
      s_.refresh.resume(plan.rank, plan.at);
      s_.power[r] = RankPower::kUp;
      break;
    case C::kPdExit:
      s_.power[r] = RankPower::kUp;
      break;
    default:
      HEAT_CHECK(false, std::string(spec::name(plan.command)) + " is no rank command");
  }
  energy_.state(plan.rank, s_.power[r], s_.banks.open_banks(plan.rank) > 0, plan.at);
}

}  // namespace heat::dram
