// One thread takes commands from the queue; one method retires them at their completion times. A command costs the
// kernel a handful of events, whatever its size.
#include "sim/simba_l/engine.h"

#include <algorithm>

#include "sim/simba_l/signal_engine.h"

namespace heat::simba {

Engine::Engine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, spec::ChipletId chiplet,
               int unit)
    : sc_core::sc_module(name),
      context_(context),
      scoreboard_(scoreboard),
      chiplet_(chiplet),
      unit_(unit),
      completion_(context) {
  if (context.options.random_stall != 0)
    random_ = context.options.random_stall * 1000003u + static_cast<std::uint64_t>(chiplet.value * kUnits + unit);
  SC_THREAD(run);
  SC_METHOD(retire);
  sensitive << completion_.event();
  dont_initialize();
}

void Engine::push(const Command& command) {
  queue_.push_back({command, context_.now()});
  ++pushed_commands_;
  pushed_.notify();
}

void Engine::run() {
  try {
    for (;;) {
      while (queue_.empty()) sc_core::wait(pushed_);
      const Command& command = queue_.front().command;
      const std::int64_t since = queue_.front().since;
      std::vector<Wait> waits{{since, StallReason::kCommand}};
      wait_for_dependencies(command, waits);
      random_stall(waits);
      const int log = log_start(command, since);
      in_flight_.push_back({command, std::move(waits), -1, nullptr, log});
      const std::int64_t now = context_.now();
      context_.activity.add(chiplet_, Flow::kQueued, since, now, static_cast<double>(now - since), unit_);
      execute(in_flight_.back());
      if (auto* logged = context_.log.entry(log)) logged->freed = context_.now();
      queue_.pop_front();
      interrupt_.notify();
    }
  } catch (const sc_core::sc_unwind_exception&) {
    throw;
  } catch (...) {
    context_.fail(std::current_exception());
  }
}

// What computing touches is within the PEs, whose parts know from when on they may be used (PeClock): for it, and for
// what waits for it, it is enough that the times of the command before are settled. All else waits for its completion.
void Engine::wait_for_dependencies(const Command& command, std::vector<Wait>& waits) {
  for (int e = 0; e < SIMBA_ENGINES; ++e) {
    const std::uint32_t needed = command[static_cast<std::size_t>(SIMBA_CMD_WAIT + e)];
    const bool within_pes = waits_until_settled(unit_, e);
    const std::uint32_t& count = (within_pes ? scoreboard_.settled : scoreboard_.done)[static_cast<std::size_t>(e)];
    if (count >= needed) continue;
    while (count < needed) sc_core::wait(within_pes ? scoreboard_.settled_changed : scoreboard_.changed);
    waits.push_back({context_.now(), waits_for_engine(e)});
  }
  if (scoreboard_.results >= command[SIMBA_CMD_RESULTS]) return;
  while (scoreboard_.results < command[SIMBA_CMD_RESULTS]) sc_core::wait(scoreboard_.changed);
  waits.push_back({context_.now(), StallReason::kResults});
}

void Engine::random_stall(std::vector<Wait>& waits) {
  if (context_.options.random_stall == 0) return;
  random_ = random_ * 6364136223846793005u + 1442695040888963407u;
  const std::uint64_t draw = random_ >> 33;
  if (draw % 4 != 0) return;
  wait_until(context_.now() + static_cast<std::int64_t>(draw / 4 % 300));
  waits.push_back({context_.now(), StallReason::kRandom});
}

// Commands overlap in flight and complete in order: each accounts for what those before it have left.
void Engine::account(const InFlight& entry) {
  const UnitId unit{chiplet_, unit_};
  const int node = entry.command.node();
  for (const Wait& w : entry.waits)
    context_.account(unit, node, WorkKind::kStall, w.reason, std::min(w.until, entry.done));
  context_.account(unit, node, work_kind(entry.command), StallReason{}, context_.now());
  if (context_.options.waves) context_.waves.completed.push_back({unit, context_.now()});
  if (auto* logged = context_.log.entry(entry.log)) {
    logged->done = context_.now();
    for (const Wait& w : entry.waits) logged->begin = std::max(logged->begin, std::min(w.until, logged->done));
  }
}

int Engine::log_start(const Command& command, std::int64_t pushed) const {
  if (!context_.log.on) return -1;
  CommandLog::Entry entry;
  entry.chiplet = chiplet_.value;
  entry.engine = unit_;
  entry.node = command.node();
  entry.pushed = pushed;
  entry.start = entry.begin = context_.now();
  if (command[SIMBA_CMD_RESULTS] > 0) entry.results = scoreboard_.result_cycles[command[SIMBA_CMD_RESULTS] - 1];
  for (int e = 0; e < SIMBA_ENGINES; ++e)
    if (const std::uint32_t needed = command[static_cast<std::size_t>(SIMBA_CMD_WAIT + e)]; needed > 0)
      entry.waits.push_back({e, needed, waits_until_settled(unit_, e)});
  context_.log.entries.push_back(std::move(entry));
  return static_cast<int>(context_.log.entries.size()) - 1;
}

void Engine::complete(InFlight& entry, std::int64_t cycle) {
  entry.done = cycle;
  if (auto* logged = context_.log.entry(entry.log)) logged->settled = context_.now();
  ++scoreboard_.settled[static_cast<std::size_t>(unit_)];
  scoreboard_.settled_changed.notify();
  if (&entry == &in_flight_.front()) completion_.set(cycle);
}

void Engine::retire() {
  completion_.rang();
  try {
    const std::int64_t now = context_.now();
    bool any = false;
    while (!in_flight_.empty() && in_flight_.front().done >= 0 && in_flight_.front().done <= now) {
      const InFlight& entry = in_flight_.front();
      const Command& command = entry.command;
      finish(entry);
      ++scoreboard_.done[static_cast<std::size_t>(unit_)];
      context_.latest_node = command.node();
      if (unit_ != SIMBA_SIGNAL) context_.clock.completed(command.node(), command[SIMBA_CMD_STEP], now);
      account(entry);
      in_flight_.pop_front();
      any = true;
    }
    if (!in_flight_.empty() && in_flight_.front().done > now) completion_.set(in_flight_.front().done);
    if (any) {
      scoreboard_.changed.notify();
      interrupt_.notify();
    }
  } catch (...) {
    context_.fail(std::current_exception());
  }
}

std::string Engine::command_text(std::uint32_t n) const {
  const std::string text = "command " + std::to_string(n);
  const std::uint32_t done = scoreboard_.done[static_cast<std::size_t>(unit_)], behind = pushed_commands_ - n;
  if (n <= done) return text;
  const Command* command = nullptr;
  if (n - done <= in_flight_.size())
    command = &in_flight_[n - done - 1].command;
  else
    command = &queue_.at(queue_.size() - 1 - behind).command;
  return text + " (node '" + context_.node_name(command->node()) + "', step " +
         std::to_string((*command)[SIMBA_CMD_STEP]) + ")";
}

// Commands complete in order, so the first in flight and the first that has not started hold up all others.
Blocked Engine::blocked(const Engines& engines) const {
  Blocked b{{chiplet_, unit_}, name(), {}, {}, !idle()};
  if (idle()) {
    b.waits = "no command is queued";
    b.on = {{chiplet_, kControllerUnit}};
    return b;
  }
  const std::uint32_t done = scoreboard_.done[static_cast<std::size_t>(unit_)];
  const auto started = static_cast<std::uint32_t>(in_flight_.size());
  if (started > 0) {
    b.waits = command_text(done + 1) + " has started";
    explain(in_flight_.front(), b);
  }
  if (done + started == pushed_commands_) return b;
  const Command& next = queue_[queue_.size() - (pushed_commands_ - done - started)].command;
  b.waits += (b.waits.empty() ? "" : "; ") + command_text(done + started + 1);
  std::string link = " waits for ";
  for (int e = 0; e < SIMBA_ENGINES; ++e) {
    const std::uint32_t needed = next[static_cast<std::size_t>(SIMBA_CMD_WAIT + e)];
    const std::uint32_t completed = scoreboard_.done[static_cast<std::size_t>(e)];
    if (completed >= needed) continue;
    const bool issued = engines[static_cast<std::size_t>(e)]->pushed() >= needed;
    b.waits += link + unit_name(e) + " to complete " +
               (issued ? engines[static_cast<std::size_t>(e)]->command_text(needed)
                       : "command " + std::to_string(needed) + ", which the controller has not issued") +
               " (completed: " + std::to_string(completed) + ")";
    b.on.push_back({chiplet_, issued ? e : kControllerUnit});
    link = " and for ";
  }
  if (scoreboard_.results < next[SIMBA_CMD_RESULTS]) {
    b.waits += link + "signal " + std::to_string(next[SIMBA_CMD_RESULTS]) +
               " of every chiplet (came: " + std::to_string(scoreboard_.results) + ")";
    for (spec::ChipletId c : scoreboard_.signals->missing(scoreboard_.results)) b.on.push_back({c, SIMBA_SIGNAL});
  }
  return b;
}

}  // namespace heat::simba
