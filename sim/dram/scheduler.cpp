// FR-FCFS after Rixner et al., "Memory Access Scheduling" (ISCA 2000), with a row-hit cap (a row is closed under
// waiting hits once it has served `cap` of them and the bank's oldest request wants another row) and a bound on waiting: from
// the cycle on in which a bank's oldest request is overdue, its row hits wait.
#include "sim/dram/scheduler.h"

namespace heat::dram {

using C = spec::DramCommand;

namespace {
enum Priority : int { kRefreshFirst, kRequest, kTimeout, kPower };
}

ChannelState::ChannelState(const spec::DramSpec& spec)
    : timing(spec),
      banks(spec),
      refresh(spec),
      reads(spec.controller.read_queue, spec.organization.banks()),
      writes(spec.controller.write_queue, spec.organization.banks()),
      power(static_cast<std::size_t>(spec.organization.ranks), RankPower::kUp),
      idle_since(static_cast<std::size_t>(spec.organization.ranks), 0),
      queued(static_cast<std::size_t>(spec.organization.ranks), 0),
      direction(spec.controller) {}

Scheduler::Scheduler(const spec::DramSpec& spec, ChannelState& state)
    : policy_(spec.controller),
      banks_per_rank_(spec.organization.banks_per_rank()),
      refresh_stride_(spec.refresh_stride()),
      max_wait_(spec.controller.max_wait_cycles > 0 ? spec.controller.max_wait_cycles : kNever),
      s_(state),
      shared_(static_cast<std::size_t>(spec.organization.ranks)),
      rank_blocked_(static_cast<std::size_t>(spec.organization.ranks), 0),
      bank_in_refresh_(static_cast<std::size_t>(spec.organization.ranks), -1) {
  for (int b = 0; b < spec.organization.banks(); ++b) rank_of_bank_.push_back(b / banks_per_rank_);
}

void Scheduler::offer(Plan& best, const Plan& plan, Cycle ready) const {
  const Cycle bus = spec::is_column(plan.command) ? s_.column_bus_free : s_.row_bus_free;
  const Cycle at = std::max({ready, bus, now_});
  if (at > best.at) return;
  if (at == best.at && (plan.priority > best.priority || (plan.priority == best.priority && plan.age >= best.age)))
    return;
  best = plan;
  best.at = at;
}

Plan Scheduler::next(Cycle now) {
  now_ = now;
  Plan best;
  special_ranks_ = false;
  for (int r = 0; r < static_cast<int>(s_.power.size()); ++r) {
    const bool open = plan_rank(best, r);
    rank_blocked_[static_cast<std::size_t>(r)] = !open;
    special_ranks_ |= !open || bank_in_refresh_[static_cast<std::size_t>(r)] >= 0;
    if (open) note_shared(r);
  }
  const RequestQueue& queue = s_.scheduled();
  const std::vector<std::uint64_t>& busy = queue.banks();
  for (std::size_t w = 0; w < busy.size(); ++w)
    for (std::uint64_t left = busy[w]; left != 0; left &= left - 1)
      plan_bank(best, static_cast<int>(w * 64) + __builtin_ctzll(left));
  if (policy_.page_policy == spec::DramPagePolicy::kAdaptive) plan_timeouts(best);
  return best;
}

void Scheduler::offer_rank(Plan& best, C command, int rank, int priority, Cycle not_before) const {
  Plan plan;
  plan.command = command;
  plan.rank = rank;
  plan.bank = rank * banks_per_rank_;
  plan.priority = priority;
  offer(best, plan, std::max(not_before, s_.timing.earliest_of_rank(command, rank)));
}

bool Scheduler::plan_rank(Plan& best, int rank) {
  const auto r = static_cast<std::size_t>(rank);
  bank_in_refresh_[r] = -1;
  const bool busy = s_.queued[r] > 0;
  const bool refresh = s_.refresh.wanted(rank, busy);
  if (s_.power[r] == RankPower::kSelfRefresh) {
    if (busy) offer_rank(best, C::kSrExit, rank, kPower, 0);
    return false;
  }
  if (s_.power[r] == RankPower::kPowerDown) {
    if (busy || refresh)
      offer_rank(best, C::kPdExit, rank, kPower, 0);
    else if (policy_.self_refresh_idle_cycles > 0)
      offer_rank(best, C::kPdExit, rank, kPower, s_.idle_since[r] + policy_.self_refresh_idle_cycles);
    return false;
  }
  if (refresh && !s_.refresh.per_bank()) {
    plan_all_bank_refresh(best, rank);
    return false;
  }
  if (refresh) bank_in_refresh_[r] = plan_bank_refresh(best, rank);
  if (!busy && !refresh) {
    if (policy_.self_refresh_idle_cycles > 0) plan_self_refresh(best, rank);
    if (policy_.power_down_idle_cycles > 0) plan_power_down(best, rank);
  }
  return true;
}

void Scheduler::plan_all_bank_refresh(Plan& best, int rank) {
  offer_rank(best, s_.banks.open_banks(rank) > 0 ? C::kPreAll : C::kRefAll, rank, kRefreshFirst, 0);
}

int Scheduler::plan_bank_refresh(Plan& best, int rank) {
  const int first = rank * banks_per_rank_;
  const auto idle = [&](int b) {
    for (int bank = first + b; bank < first + banks_per_rank_; bank += refresh_stride_)
      if (s_.reads.oldest(bank) != RequestQueue::kNone || s_.writes.oldest(bank) != RequestQueue::kNone) return false;
    return true;
  };
  const int target = first + s_.refresh.target_bank(rank, idle);
  Plan plan;
  plan.command = C::kRefBank;
  plan.rank = rank;
  plan.bank = target;
  plan.priority = kRefreshFirst;
  Cycle ready = 0;
  for (int bank = target; bank < first + banks_per_rank_; bank += refresh_stride_) {
    if (s_.banks[bank].open_row != BankState::kClosed) {
      plan.command = C::kPre;
      plan.bank = bank;
      ready = s_.timing.earliest(C::kPre, bank);
      break;
    }
    ready = std::max(ready, s_.timing.earliest(C::kRefBank, bank));
  }
  offer(best, plan, ready);
  return target;
}

void Scheduler::plan_power_down(Plan& best, int rank) {
  const auto r = static_cast<std::size_t>(rank);
  // A rank idle for long enough goes on to self-refresh instead of back to power-down.
  const Cycle since = s_.idle_since[r];
  if (policy_.self_refresh_idle_cycles > 0 && now_ >= since + policy_.self_refresh_idle_cycles) return;
  offer_rank(best, C::kPdEnter, rank, kPower, since + policy_.power_down_idle_cycles);
}

void Scheduler::plan_self_refresh(Plan& best, int rank) {
  const C command = s_.banks.open_banks(rank) > 0 ? C::kPreAll : C::kSrEnter;
  offer_rank(best, command, rank, kPower,
             s_.idle_since[static_cast<std::size_t>(rank)] + policy_.self_refresh_idle_cycles);
}

C Scheduler::column_command(const RequestQueue& queue, int slot) const {
  const bool write = &queue == &s_.writes;
  if (policy_.page_policy == spec::DramPagePolicy::kClosed && !queue.has_other_hit(slot)) {
    const RequestQueue& other = write ? s_.reads : s_.writes;
    if (other.hit(queue.entry(slot).access.place.bank) == RequestQueue::kNone) return write ? C::kWrAp : C::kRdAp;
  }
  return write ? C::kWr : C::kRd;
}

// What all banks of a rank have in common is looked up once for all of them.
void Scheduler::note_shared(int rank) {
  auto& shared = shared_[static_cast<std::size_t>(rank)];
  const auto note = [&](C command, Cycle bus) {
    shared[static_cast<std::size_t>(spec::index(command))] =
        std::max({s_.timing.earliest_of_rank(command, rank), bus, now_});
  };
  const bool writes = s_.direction.writes();
  note(C::kAct, s_.row_bus_free);
  note(C::kPre, s_.row_bus_free);
  note(writes ? C::kWr : C::kRd, s_.column_bus_free);
  if (policy_.page_policy == spec::DramPagePolicy::kClosed) note(writes ? C::kWrAp : C::kRdAp, s_.column_bus_free);
}

// Runs for every bank with requests at every command: a plan is made only when it is the best.
void Scheduler::plan_bank(Plan& best, int bank) {
  const int rank = rank_of_bank_[static_cast<std::size_t>(bank)];
  if (special_ranks_ && (rank_blocked_[static_cast<std::size_t>(rank)] || being_refreshed(rank, bank))) return;
  const RequestQueue& queue = s_.scheduled();
  const BankState& state = s_.banks[bank];
  const int oldest = queue.oldest(bank);
  if (oldest == RequestQueue::kNone) return;
  const int hit = queue.hit(bank);
  const bool capped = policy_.row_hit_cap > 0 && hit != oldest && state.columns_since_act >= policy_.row_hit_cap;
  bool column = hit != RequestQueue::kNone && !capped;
  C command = column ? column_command(queue, hit) : state.open_row == BankState::kClosed ? C::kAct : C::kPre;
  Cycle at = earliest(command, rank, bank);
  if (at > best.at) return;
  if (column && hit != oldest && overdue(queue.entry(oldest), at)) {
    column = false;
    command = C::kPre;
    at = earliest(command, rank, bank);
    if (at > best.at) return;
  }
  const int slot = column ? hit : oldest;
  const std::uint64_t age = queue.entry(slot).age;
  if (at == best.at && (kRequest > best.priority || (kRequest == best.priority && age >= best.age))) return;
  best = {at, command, kRequest, rank, bank, slot, age};
}

void Scheduler::plan_timeouts(Plan& best) {
  for (int bank = 0; bank < s_.banks.size(); ++bank) {
    const BankState& state = s_.banks[bank];
    const int rank = rank_of_bank_[static_cast<std::size_t>(bank)];
    if (state.open_row == BankState::kClosed || rank_blocked_[static_cast<std::size_t>(rank)]) continue;
    if (s_.reads.hit(bank) != RequestQueue::kNone || s_.writes.hit(bank) != RequestQueue::kNone) continue;
    Plan plan;
    plan.command = C::kPre;
    plan.rank = rank;
    plan.bank = bank;
    plan.priority = kTimeout;
    offer(best, plan, std::max(state.last_column + state.timeout, s_.timing.earliest(C::kPre, bank)));
  }
}

}  // namespace heat::dram
