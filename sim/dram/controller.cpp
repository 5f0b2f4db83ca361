// Event loop of a channel. Reads of queued writes are answered from the queue, or wait for them; a write waits for an
// older read of its address.
#include "sim/dram/controller.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::dram {

Controller::Controller(const spec::DramSpec& spec)
    : spec_(spec),
      s_(spec_),
      scheduler_(spec_, s_),
      energy_(spec_),
      read_latency_(spec_.read_latency()),
      write_latency_(spec_.write_latency()),
      act_to_pre_(spec_.bank_latency(spec::DramCommand::kAct, spec::DramCommand::kPre)),
      rd_to_pre_(spec_.bank_latency(spec::DramCommand::kRd, spec::DramCommand::kPre)),
      wr_to_pre_(spec_.bank_latency(spec::DramCommand::kWr, spec::DramCommand::kPre)),
      turn_gap_limit_(spec_.timing("tWTR_L") + spec_.timing("CL") + spec_.organization.burst_cycles),
      waits_(spec_.organization.banks()) {}

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
  const bool may_forward =
      spec_.free || (waiting() > 0 && (spec_.controller.forward_reads || spec_.controller.merge_writes) &&
                     (s_.writes.size() > 0 || input_writes_ > 0));
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
  // A row command of the cycle whose column command freed the slot has a bus of its own.
  if (spec_.split_command_bus || s_.refresh.next_due() <= t) advance_to(t);
  accept(access, t);
  return t;
}

void Controller::advance_to(Cycle limit) {
  for (;;) {
    const Cycle in = input_time();
    if (!sink_ && nothing_queued()) skip_idle_time(std::min(in, limit));
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
  while (!idle()) advance_to(nothing_queued() ? input_time() : std::min(input_time(), command_time()));
}

void Controller::accept(const Access& access, Cycle t) {
  now_ = std::max(now_, t + 1);
  last_entry_ = t;
  (access.write ? statistics_.writes : statistics_.reads) += 1;
  if (report_acceptances_) acceptances_.push_back({access.tag, t});
  if (spec_.free) return answer_at_once(access, t);
  if (answered_by_write_queue(access, t)) return;
  RequestQueue& queue = access.write ? s_.writes : s_.reads;
  const int bank = access.place.bank;
  const bool first_of_rank = s_.queued[static_cast<std::size_t>(access.place.rank)]++ == 0;
  const bool first_of_bank = queue.oldest(bank) == RequestQueue::kNone;
  const bool had_hit = queue.hit(bank) != RequestQueue::kNone;
  const bool held = (access.write ? s_.reads : s_.writes).find(access.line) != RequestQueue::kNone;
  const int slot = queue.push(access, t, age_++, s_.banks[bank].open_row, held);
  queue.marks(slot) = waits_.marks(bank, t);
  const bool turned = update_direction(t);
  // An access for the queue that is not scheduled changes nothing, nor does one behind others of its bank unless it is
  // the first row hit there; the first of its bank competes with the plan.
  if (stale_) return;
  const bool other_queue = access.write != s_.direction.writes();
  const bool first_hit = had_hit != (queue.hit(bank) != RequestQueue::kNone);
  if (turned || first_of_rank || spec_.controller.page_policy != spec::DramPagePolicy::kOpen)
    stale_ = true;
  else if (!other_queue && first_of_bank)
    scheduler_.reconsider(plan_, bank, now_);
  else if (!other_queue && first_hit)
    stale_ = true;
}

bool Controller::answered_by_write_queue(const Access& access, Cycle t) {
  const bool allowed = access.write ? spec_.controller.merge_writes : spec_.controller.forward_reads;
  if (!allowed || s_.writes.size() == 0) return false;
  const int slot = s_.writes.find(access.line);
  if (slot == RequestQueue::kNone) return false;
  if (access.write) {
    // A read that waits for that write must not see this one's data.
    const int read = s_.reads.find(access.line);
    if (read != RequestQueue::kNone && s_.reads.entry(read).age > s_.writes.entry(slot).age) return false;
  }
  (access.write ? statistics_.merged_writes : statistics_.forwarded_reads) += 1;
  answer_at_once(access, t);
  return true;
}

void Controller::answer_at_once(const Access& access, Cycle t) {
  Completion done;
  done.tag = access.tag;
  done.arrival = done.issue = t;
  done.finish = t + 1;
  done.write = access.write;
  done.row_result = RowResult::kQueue;
  done.place = access.place;
  complete(done);
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

void Controller::step(Cycle t) {
  now_ = t;
  stale_ = true;
  if (s_.refresh.next_due() <= t)
    s_.refresh.advance_to(t);
  else
    issue(plan_);
}

}  // namespace heat::dram
