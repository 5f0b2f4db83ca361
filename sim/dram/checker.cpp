// History search by last command of each kind: a constraint's latency does not depend on when, so only the last (for a
// window of n the n-th last) command of its from side can bind.
#include "sim/dram/checker.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::dram {

using C = spec::DramCommand;
using spec::DramScope;

namespace {

std::string shown(const CommandRecord& r, std::int64_t line) {
  std::string text = std::string(spec::name(r.command)) + " at cycle " + std::to_string(r.cycle);
  if (line > 0)
    text += " (line " + std::to_string(line) + ", channel " + std::to_string(r.channel) + ", rank " +
            std::to_string(r.place.rank);
  if (line > 0 && !spec::is_rank_command(r.command)) text += ", bank " + std::to_string(r.place.bank);
  return line > 0 ? text + ")" : text;
}

}  // namespace

std::string Violation::text() const {
  std::string text = rule + ": ";
  if (first_line > 0) text += shown(first, first_line) + ", then ";
  text += shown(second, second_line);
  if (missing > 0) text += ", " + std::to_string(missing) + (missing == 1 ? " cycle" : " cycles") + " too early";
  return text;
}

CommandChecker::CommandChecker(const spec::DramSpec& spec, std::size_t max_violations)
    : spec_(spec), max_violations_(max_violations), by_from_(spec::kDramCommands), by_to_(spec::kDramCommands) {
  const auto channels = static_cast<std::size_t>(spec_.organization.channels);
  report_.slacks.resize(spec_.constraints.size());
  for (std::size_t i = 0; i < spec_.constraints.size(); ++i) {
    const spec::DramConstraint& c = spec_.constraints[i];
    history_.emplace_back(channels * instances(c.scope));
    for (std::size_t f = 0; f < by_from_.size(); ++f)
      if (c.from_mask >> f & 1u) by_from_[f].push_back(i);
    by_to_[static_cast<std::size_t>(spec::index(c.to))].push_back(i);
  }
  banks_.resize(channels * static_cast<std::size_t>(spec_.organization.banks()));
  ranks_.resize(channels * static_cast<std::size_t>(spec_.organization.ranks));
  last_row_command_.resize(channels);
  last_column_command_.resize(channels);
  last_data_.resize(channels);
  last_.resize(channels);
}

std::size_t CommandChecker::instances(DramScope scope) const {
  const spec::DramOrganization& o = spec_.organization;
  switch (scope) {
    case DramScope::kBank:
      return static_cast<std::size_t>(o.banks());
    case DramScope::kBankGroup:
      return static_cast<std::size_t>(o.ranks * o.bank_groups);
    case DramScope::kRank:
    case DramScope::kOtherRank:
      return static_cast<std::size_t>(o.ranks);
    case DramScope::kChannel:
      break;
  }
  return 1;
}

std::size_t CommandChecker::instance(DramScope scope, const CommandRecord& r) const {
  const auto channel = static_cast<std::size_t>(r.channel) * instances(scope);
  switch (scope) {
    case DramScope::kBank:
      return channel + static_cast<std::size_t>(r.place.bank);
    case DramScope::kBankGroup:
      return channel + static_cast<std::size_t>(r.place.bank_group);
    case DramScope::kRank:
    case DramScope::kOtherRank:
      return channel + static_cast<std::size_t>(r.place.rank);
    case DramScope::kChannel:
      break;
  }
  return channel;
}

void CommandChecker::add(const CommandRecord& record, std::int64_t line) {
  const Seen now{record, line};
  Seen& last = last_[static_cast<std::size_t>(record.channel)];
  if (record.cycle < last.record.cycle)
    throw base::TraceError("cycle " + std::to_string(record.cycle) + " comes after cycle " +
                           std::to_string(last.record.cycle) + " (line " + std::to_string(last.line) +
                           "); expected the commands of a channel in the order of time");
  last = now;
  ++report_.commands;
  check_timing(now);
  check_buses(now);
  check_state(now);
  remember(now);
}

template <class Visit>
void CommandChecker::for_each_instance(DramScope scope, const CommandRecord& r, const Visit& visit) const {
  const bool below_rank = scope == DramScope::kBank || scope == DramScope::kBankGroup;
  const int banks = spec_.organization.banks_per_rank();
  const int taken = below_rank && r.command == C::kRefBank ? spec_.controller.refresh_banks : 1;
  CommandRecord one = r;
  const int first = r.place.bank - r.place.bank % banks + r.place.bank % (banks / taken);
  for (int i = 0; i < taken; ++i) {
    one.place.bank = taken == 1 ? r.place.bank : first + i * (banks / taken);
    one.place.bank_group = one.place.bank / spec_.organization.banks_per_group;
    visit(instance(scope, one));
  }
}

void CommandChecker::check_timing(const Seen& now) {
  for (const std::size_t i : by_to_[static_cast<std::size_t>(spec::index(now.record.command))]) {
    const spec::DramConstraint& c = spec_.constraints[i];
    if (c.scope != DramScope::kOtherRank) {
      for_each_instance(c.scope, now.record, [&](std::size_t at) { measure(i, history_[i][at], now); });
      continue;
    }
    const std::size_t own = instance(c.scope, now.record);
    const std::size_t first = static_cast<std::size_t>(now.record.channel) * instances(c.scope);
    for (std::size_t r = first; r < first + instances(c.scope); ++r)
      if (r != own) measure(i, history_[i][r], now);
  }
}

void CommandChecker::measure(std::size_t i, const History& history, const Seen& now) {
  const spec::DramConstraint& c = spec_.constraints[i];
  if (history.ring.size() < static_cast<std::size_t>(c.window)) return;
  const Seen& first = history.ring[history.head];
  const Cycle slack = now.record.cycle - first.record.cycle - c.latency;
  ConstraintSlack& best = report_.slacks[i];
  if (!best.minimum || slack < *best.minimum) best = {slack, first.record, now.record};
  if (slack < 0)
    violate(static_cast<int>(i), c.text() + " = " + std::to_string(c.latency) + " [" + c.place + "]", first, now,
            -slack);
}

void CommandChecker::remember(const Seen& now) {
  for (const std::size_t i : by_from_[static_cast<std::size_t>(spec::index(now.record.command))]) {
    const spec::DramConstraint& c = spec_.constraints[i];
    for_each_instance(c.scope, now.record, [&](std::size_t at) {
      History& h = history_[i][at];
      if (h.ring.size() < static_cast<std::size_t>(c.window)) {
        h.ring.push_back(now);
        return;
      }
      h.ring[h.head] = now;
      h.head = (h.head + 1) % h.ring.size();
    });
  }
}

void CommandChecker::check_buses(const Seen& now) {
  const auto channel = static_cast<std::size_t>(now.record.channel);
  const bool column = spec::is_column(now.record.command);
  Seen& last = spec_.split_command_bus && column ? last_column_command_[channel] : last_row_command_[channel];
  if (last.line > 0) {
    const Cycle free =
        last.record.cycle + spec_.command_cycles[static_cast<std::size_t>(spec::index(last.record.command))];
    if (now.record.cycle < free) violate(-1, "command bus busy", last, now, free - now.record.cycle);
  }
  last = now;
  if (!column) return;
  const auto begin = [&](const CommandRecord& r) {
    return r.cycle + spec_.timing(spec::is_read(r.command) ? "CL" : "CWL");
  };
  Seen& data = last_data_[channel];
  if (data.line > 0) {
    const Cycle free = begin(data.record) + spec_.organization.burst_cycles;
    if (begin(now.record) < free) violate(-1, "data bus busy", data, now, free - begin(now.record));
  }
  data = now;
}

CommandChecker::Bank& CommandChecker::bank_of(const CommandRecord& r) {
  return banks_[static_cast<std::size_t>(r.channel * spec_.organization.banks() + r.place.bank)];
}

CommandChecker::Rank& CommandChecker::rank_of(const CommandRecord& r) {
  return ranks_[static_cast<std::size_t>(r.channel * spec_.organization.ranks + r.place.rank)];
}

void CommandChecker::check_state(const Seen& now) {
  Rank& rank = rank_of(now.record);
  const C command = now.record.command;
  if (rank.self_refresh && command != C::kSrExit) violate(-1, "rank in self-refresh", rank.last, now, 0);
  if (rank.powered_down && command != C::kPdExit) violate(-1, "rank in power-down", rank.last, now, 0);
  check_refresh(now, rank);
  if (spec::is_rank_command(command))
    check_rank_command(now, rank);
  else
    check_bank_command(now, bank_of(now.record));
  if (spec::is_rank_command(command)) rank.last = now;
}

void CommandChecker::check_bank_command(const Seen& now, Bank& bank) {
  const CommandRecord& r = now.record;
  if (r.command == C::kAct) {
    if (bank.open) violate(-1, "ACT of a bank that is open", bank.last, now, 0);
    bank.open = true;
    bank.row = r.place.row;
  } else if (spec::is_column(r.command)) {
    if (!bank.open)
      violate(-1, "column command to a bank that is closed", bank.last, now, 0);
    else if (bank.row != r.place.row)
      violate(-1, "column command for another row than the open one", bank.last, now, 0);
    if (r.command == C::kRdAp || r.command == C::kWrAp) bank.open = false;
  } else if (r.command == C::kRefBank) {
    check_bank_refresh(now);
  } else if (r.command == C::kPre) {
    bank.open = false;
  } else {
    HEAT_CHECK(false, std::string("the checker has no rule for ") + spec::name(r.command));
  }
  bank.last = now;
}

void CommandChecker::check_bank_refresh(const Seen& now) {
  const CommandRecord& r = now.record;
  Rank& rank = rank_of(r);
  const int per_round = spec_.organization.banks_per_rank() / spec_.controller.refresh_banks;
  const int first = r.channel * spec_.organization.banks() + r.place.rank * spec_.organization.banks_per_rank();
  const int unit = r.place.bank % spec_.organization.banks_per_rank();
  if (unit >= per_round) violate(-1, "REFPB names a bank that its first bank stands for", rank.last, now, 0);
  for (int b = unit % per_round; b < spec_.organization.banks_per_rank(); b += per_round) {
    Bank& bank = banks_[static_cast<std::size_t>(first + b)];
    if (bank.open) violate(-1, "REFPB of a bank that is open", bank.last, now, 0);
    bank.last = now;
  }
  ++rank.refreshes;
}

void CommandChecker::check_rank_command(const Seen& now, Rank& rank) {
  const C command = now.record.command;
  const int first =
      now.record.channel * spec_.organization.banks() + now.record.place.rank * spec_.organization.banks_per_rank();
  for (int b = first; b < first + spec_.organization.banks_per_rank(); ++b) {
    Bank& bank = banks_[static_cast<std::size_t>(b)];
    const bool needs_closed = command == C::kRefAll || command == C::kSrEnter;
    if (needs_closed && bank.open)
      violate(-1, std::string(spec::name(command)) + " while a bank is open", bank.last, now, 0);
    if (command == C::kPreAll) bank.open = false;
  }
  if (command == C::kPdExit && !rank.powered_down) violate(-1, "PDX outside power-down", rank.last, now, 0);
  if (command == C::kSrExit && !rank.self_refresh) violate(-1, "SRX outside self-refresh", rank.last, now, 0);
  if (command == C::kPdEnter) rank.powered_down = true;
  if (command == C::kPdExit) rank.powered_down = false;
  if (command == C::kSrEnter) rank.self_refresh = true;
  if (command == C::kRefAll) ++rank.refreshes;
  if (command != C::kSrExit) return;
  rank.self_refresh = false;
  rank.refreshes = 0;
  rank.refresh_epoch = now.record.cycle;
}

void CommandChecker::check_refresh(const Seen& now, Rank& rank) {
  const bool per_bank = spec_.controller.refresh == spec::DramRefreshMode::kPerBank;
  const Cycle interval = spec_.timing(per_bank ? "tREFIpb" : "tREFI");
  if (interval == 0 || spec_.controller.refresh == spec::DramRefreshMode::kNone || rank.self_refresh) return;
  const std::int64_t allowed = spec_.controller.refresh_max_postponed * spec_.refreshes_per_round() + 1;
  const std::int64_t owed = (now.record.cycle - rank.refresh_epoch) / interval - rank.refreshes;
  if (owed <= allowed) return;
  violate(-1, "refresh overdue (" + std::to_string(owed) + " owed)", rank.last, now, 0);
  rank.refreshes += owed;  // reported once
}

void CommandChecker::violate(int constraint, const std::string& rule, const Seen& first, const Seen& second,
                             Cycle missing) {
  ++report_.violation_count;
  if (report_.violations.size() >= max_violations_) return;
  report_.violations.push_back({constraint, rule, first.record, second.record, first.line, second.line, missing});
}

}  // namespace heat::dram
