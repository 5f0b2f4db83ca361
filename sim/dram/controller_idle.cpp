// Idle time in closed form. A channel without accesses only refreshes and powers down, and what it does next depends on
// nothing but its state relative to the present. So when one round of refreshes (tREFI; per bank: as many tREFIpb as take
// it through all banks) ends in the state it began in, every further round is the same one, until a waiting time that is
// counted from the last access runs out.
#include <algorithm>

#include "sim/dram/controller.h"

namespace heat::dram {

// Everything that acts on commands after cycle t.
std::vector<Cycle> Controller::idle_state(Cycle t) const {
  std::vector<Cycle> state;
  s_.timing.append_state(t, state);
  s_.refresh.append_state(t, state);
  energy_.append_state(t, state);
  for (const RankPower power : s_.power) state.push_back(static_cast<Cycle>(power));
  state.push_back(std::max<Cycle>(s_.row_bus_free - t, 0));
  state.push_back(std::max<Cycle>(s_.column_bus_free - t, 0));
  return state;
}

// The next cycle at which a rank that nobody accesses may enter a deeper state; kNever when none will.
Cycle Controller::idle_change() const {
  Cycle change = kNever;
  for (std::size_t r = 0; r < s_.power.size(); ++r) {
    if (s_.power[r] == RankPower::kSelfRefresh) continue;
    for (const Cycle idle : {spec_.controller.power_down_idle_cycles, spec_.controller.self_refresh_idle_cycles})
      if (idle > 0 && s_.idle_since[r] + idle >= now_) change = std::min(change, s_.idle_since[r] + idle);
  }
  return change;
}

void Controller::step_to(Cycle limit) {
  while (command_time() <= limit) step(command_time());
  now_ = limit + 1;
}

void Controller::skip_idle_time(Cycle limit) {
  const Cycle round = s_.refresh.round();
  if (s_.refresh.next_due() >= kNever || limit - now_ < 4 * round) return;
  const Cycle end = std::min(limit, idle_change());
  if (end - now_ < 4 * round) return;
  step_to(now_ + round);  // rows close, what was postponed is paid back
  const Cycle first = now_ - 1;
  const std::vector<Cycle> before = idle_state(first);
  const ChannelStatistics counted = statistics_;
  const EnergyMeter metered = energy_;
  step_to(first + round);
  bool rows_open = false;
  for (std::size_t r = 0; r < s_.power.size(); ++r) rows_open |= s_.banks.open_banks(static_cast<int>(r)) > 0;
  if (rows_open || idle_state(first + round) != before) return;
  const Cycle rounds = (end - 1 - (first + round)) / round;
  for (std::size_t c = 0; c < statistics_.commands.size(); ++c)
    statistics_.commands[c] += static_cast<std::uint64_t>(rounds) * (statistics_.commands[c] - counted.commands[c]);
  statistics_.refresh_cycles += rounds * (statistics_.refresh_cycles - counted.refresh_cycles);
  energy_.repeat(metered, rounds);
  s_.timing.shift(rounds * round);
  s_.refresh.shift(rounds * round);
  s_.row_bus_free += rounds * round;
  s_.column_bus_free += rounds * round;
  waits_.shift(rounds * round);
  now_ += rounds * round;
  stale_ = true;
}

}  // namespace heat::dram
