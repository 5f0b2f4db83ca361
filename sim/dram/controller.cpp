// Event loop of a channel. Writes are posted and drained in batches between two watermarks; reads of queued writes are
// answered from the queue; a write waits for an older read of its address.
#include "sim/dram/controller.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::dram {

using C = spec::DramCommand;

Controller::Controller(const spec::DramSpec& spec)
    : spec_(spec),
      s_(spec_),
      scheduler_(spec_, s_),
      energy_(spec_),
      read_latency_(spec_.read_latency()),
      write_latency_(spec_.write_latency()),
      turn_gap_limit_(spec_.timing("tWTR_L") + spec_.timing("CL") + spec_.organization.burst_cycles) {}

Cycle Controller::input_time() const {
  if (waiting() == 0 || !has_space(input_[next_input_].access)) return kNever;
  return std::max({input_[next_input_].not_before, last_entry_ + 1, slot_free_});
}

Cycle Controller::command_time() {
  if (stale_) {
    plan_ = scheduler_.next(now_);
    stale_ = false;
  }
  return std::min(plan_.at, s_.refresh.next_due());
}

Cycle Controller::next_event() {
  const Cycle event = std::min(input_time(), command_time());
  return idle() && (plan_.at >= kNever || s_.refresh.next_due() <= plan_.at) ? kNever : event;
}

Cycle Controller::earliest_finish() {
  const Cycle event = next_event();
  if (event >= kNever) return kNever;
  // An answer by the write queue takes one cycle; it needs a queued write, now or among those that wait to enter.
  const bool may_forward = waiting() > 0 && (spec_.controller.forward_reads || spec_.controller.merge_writes) &&
                           (s_.writes.size() > 0 || input_writes_ > 0);
  return event + (may_forward ? 1 : std::min(read_latency_, write_latency_));
}

Cycle Controller::offer(const Access& access, Cycle not_before) {
  const Cycle earliest = std::max(not_before, last_entry_ + 1);
  advance_to(earliest);
  while (!has_space(access)) {
    const Cycle event = command_time();
    HEAT_CHECK(event < kNever, "a full queue with nothing to issue");
    step(event);
  }
  const Cycle t = std::max(earliest, slot_free_);
  accept(access, t);
  return t;
}

void Controller::advance_to(Cycle limit) {
  for (;;) {
    const Cycle in = input_time();
    const Cycle event = command_time();
    if (std::min(in, event) > limit) break;
    if (in < event) {
      accept(take_input(), in);
    } else {
      step(event);
    }
  }
  if (limit >= now_) now_ = limit + 1;
}

Access Controller::take_input() {
  const Access access = input_[next_input_++].access;
  input_writes_ -= access.write;
  if (2 * next_input_ >= input_.size()) {
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(next_input_));
    next_input_ = 0;
  }
  return access;
}

void Controller::drain() {
  while (!idle()) advance_to(std::min(input_time(), command_time()));
}

void Controller::accept(const Access& access, Cycle t) {
  now_ = std::max(now_, t + 1);
  last_entry_ = t;
  (access.write ? statistics_.writes : statistics_.reads) += 1;
  if (report_acceptances_) acceptances_.push_back({access.tag, t});
  if (answered_by_write_queue(access, t)) return;
  RequestQueue& queue = access.write ? s_.writes : s_.reads;
  const int bank = access.place.bank;
  const bool first_of_rank = s_.queued[static_cast<std::size_t>(access.place.rank)]++ == 0;
  const bool first_of_bank = queue.oldest(bank) == RequestQueue::kNone;
  const bool had_hit = queue.hit(bank) != RequestQueue::kNone;
  const bool held = access.write && s_.reads.find(access.line) != RequestQueue::kNone;
  queue.push(access, t, age_++, s_.banks[bank].open_row, held);
  const bool write_mode = s_.write_mode;
  update_mode();
  // An access for the queue that is not scheduled changes nothing, nor does one behind others of its bank unless it is
  // the first row hit there; the first of its bank competes with the plan.
  if (stale_) return;
  const bool other_queue = access.write != s_.write_mode;
  const bool first_hit = had_hit != (queue.hit(bank) != RequestQueue::kNone);
  if (write_mode != s_.write_mode || first_of_rank || spec_.controller.page_policy != spec::DramPagePolicy::kOpen)
    stale_ = true;
  else if (!other_queue && first_of_bank)
    scheduler_.reconsider(plan_, bank, now_);
  else if (!other_queue && first_hit)
    stale_ = true;
}

bool Controller::answered_by_write_queue(const Access& access, Cycle t) {
  const bool allowed = access.write ? spec_.controller.merge_writes : spec_.controller.forward_reads;
  if (!allowed || s_.writes.size() == 0 || s_.writes.find(access.line) == RequestQueue::kNone) return false;
  (access.write ? statistics_.merged_writes : statistics_.forwarded_reads) += 1;
  Completion done;
  done.tag = access.tag;
  done.arrival = done.issue = t;
  done.finish = t + 1;
  done.write = access.write;
  done.row_result = RowResult::kQueue;
  done.place = access.place;
  complete(done);
  return true;
}

void Controller::complete(const Completion& done) {
  statistics_.last_finish = std::max(statistics_.last_finish, done.finish);
  if (!done.write) {
    const Cycle latency = done.finish - done.arrival;
    statistics_.read_latency_sum_cycles += static_cast<std::uint64_t>(latency);
    statistics_.read_latency_max_cycles = std::max(statistics_.read_latency_max_cycles, latency);
    ++statistics_
          .read_latency_log2[static_cast<std::size_t>(63 - __builtin_clzll(static_cast<std::uint64_t>(latency) | 1))];
  }
  completions_.push_back(done);
}

void Controller::update_mode() {
  const int eligible = s_.writes.size() - s_.writes.held();
  const bool reads = s_.reads.size() > 0;
  if (!s_.write_mode)
    s_.write_mode = eligible > 0 && (!reads || s_.writes.size() >= spec_.controller.write_high_watermark);
  else
    s_.write_mode = eligible > 0 && (!reads || s_.writes.size() > spec_.controller.write_low_watermark);
}

void Controller::step(Cycle t) {
  now_ = t;
  stale_ = true;
  if (s_.refresh.next_due() <= t)
    s_.refresh.advance_to(t);
  else
    issue(plan_);
}

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
  if (sink_) sink_->on_command(plan.at, plan.command, done.place);
  const std::uint64_t line = e.access.line;
  if (queue.full()) slot_free_ = plan.at;
  queue.remove(plan.slot, bank.open_row);
  if (!write && s_.writes.held() > 0 && s_.reads.find(line) == RequestQueue::kNone)
    s_.writes.release(line, plan.bank, bank.open_row);
  --s_.queued[static_cast<std::size_t>(plan.rank)];
  s_.idle_since[static_cast<std::size_t>(plan.rank)] = plan.at;
  ++bank.columns_since_act;
  bank.last_column = plan.at;
  if (plan.command == C::kRdAp || plan.command == C::kWrAp) close_bank(plan.bank, plan.rank, plan.at);
  count_data(write, plan.rank, done.finish - spec_.organization.burst_cycles, done.finish);
  statistics_.bytes += static_cast<std::uint64_t>(spec_.organization.access_bytes());
  update_mode();
  complete(done);
}

void Controller::count_data(bool write, int, Cycle first, Cycle end) {
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
  RequestQueue& queue = s_.write_mode ? s_.writes : s_.reads;
  Place place;
  place.rank = plan.rank;
  place.bank_group = plan.bank / spec_.organization.banks_per_group;
  place.bank = plan.bank;
  place.row = bank.open_row;
  const bool adaptive = spec_.controller.page_policy == spec::DramPagePolicy::kAdaptive;
  if (plan.command == C::kAct) {
    RequestQueue::Entry& e = queue.entry(plan.slot);
    e.activated = true;
    place.row = e.access.place.row;
    s_.banks.open(plan.bank, plan.rank, place.row);
    bank.last_column = plan.at;
    if (adaptive && bank.row_closed_early == place.row) bank.timeout = std::min(bank.timeout * 2, 1 << 20);
    bank.row_closed_early = BankState::kClosed;
    s_.reads.row_opened(plan.bank, place.row);
    s_.writes.row_opened(plan.bank, place.row);
    s_.idle_since[static_cast<std::size_t>(plan.rank)] = plan.at;
    energy_.state(plan.rank, RankPower::kUp, true, plan.at);
  } else if (plan.command == C::kPre) {
    if (plan.slot != RequestQueue::kNone) {
      queue.entry(plan.slot).precharged = true;
      if (adaptive) bank.timeout = std::max(bank.timeout / 2, 8);
    } else if (adaptive) {
      bank.row_closed_early = bank.open_row;
    }
    close_bank(plan.bank, plan.rank, plan.at);
  } else if (plan.command == C::kRefBank) {
    s_.refresh.bank_done(plan.rank);
    statistics_.refresh_cycles += spec_.timing("tRFCpb");
  } else {
    HEAT_CHECK(false, std::string(spec::name(plan.command)) + " is no row command");
  }
  if (sink_) sink_->on_command(plan.at, plan.command, place);
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
      statistics_.refresh_cycles += spec_.timing("tRFC");
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
