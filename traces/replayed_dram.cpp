// As the TLM-2.0 target does it (sim/dram/dram.cpp): what happens in a memory cycle is known when the next one begins; a
// posted write is answered when it has entered.
#include "traces/replayed_dram.h"

#include <algorithm>
#include <cmath>

namespace heat::traces {

using dram::Cycle;

ReplayedDram::ReplayedDram(const spec::DramSpec& spec, double clock_ghz)
    : spec_(spec), run_cycles_per_clock_(spec.clock_ns() * clock_ghz), mapping_(spec_) {
  for (int c = 0; c < spec_.organization.channels; ++c) {
    channels_.push_back(std::make_unique<dram::Controller>(spec_));
    channels_.back()->report_acceptances(true);
  }
  events_.assign(channels_.size(), dram::kNever);
}

std::int64_t ReplayedDram::run_cycle(Cycle t) const {
  return static_cast<std::int64_t>(std::ceil(static_cast<double>(t) * run_cycles_per_clock_ - 1e-6));
}

void ReplayedDram::enter(int burst, std::uint64_t address, std::int64_t bytes, bool write, std::int64_t now) {
  if (bursts_.size() <= static_cast<std::size_t>(burst)) bursts_.resize(static_cast<std::size_t>(burst) + 1);
  const auto arrival = static_cast<Cycle>(std::ceil(static_cast<double>(now) / run_cycles_per_clock_ - 1e-6));
  const int shift = mapping_.offset_bits();
  const std::uint64_t first = address >> shift, last = (address + static_cast<std::uint64_t>(bytes) - 1) >> shift;
  Burst& b = bursts_[static_cast<std::size_t>(burst)];
  b.to_accept = b.to_finish = static_cast<int>(last - first + 1);
  b.write = write;
  for (std::uint64_t line = first; line <= last; ++line) {
    const auto target = mapping_.decode(line << shift);
    const auto c = static_cast<std::size_t>(target.channel);
    channels_[c]->enqueue({line, target.place, write, static_cast<std::uint64_t>(burst)}, arrival);
    if (channels_[c]->waiting() == 1) note_event(c);
  }
}

void ReplayedDram::note_event(std::size_t channel) {
  events_[channel] = channels_[channel]->idle() ? dram::kNever : channels_[channel]->next_event();
}

std::int64_t ReplayedDram::next() const {
  const Cycle event = *std::min_element(events_.begin(), events_.end());
  return event >= dram::kNever ? kNever : run_cycle(event + 1);
}

std::vector<ReplayedDram::News> ReplayedDram::advance() {
  std::vector<News> news;
  const Cycle event = *std::min_element(events_.begin(), events_.end());
  for (std::size_t c = 0; c < channels_.size(); ++c) {
    if (events_[c] > event) continue;
    dram::Controller& channel = *channels_[c];
    channel.advance_to(event);
    for (const auto& a : channel.acceptances()) {
      Burst& b = bursts_[a.tag];
      b.finish = std::max(b.finish, a.at + 1);
      if (--b.to_accept > 0) continue;
      news.push_back({static_cast<int>(a.tag), false, run_cycle(a.at + 1)});
      if (b.write && spec_.controller.posted_writes)
        news.push_back({static_cast<int>(a.tag), true, run_cycle(b.finish)});
    }
    channel.acceptances().clear();
    for (const auto& done : channel.completions()) {
      Burst& b = bursts_[done.tag];
      const bool posted = b.write && spec_.controller.posted_writes;
      if (!posted) b.finish = std::max(b.finish, done.finish);
      if (--b.to_finish == 0 && !posted) news.push_back({static_cast<int>(done.tag), true, run_cycle(b.finish)});
    }
    channel.completions().clear();
    note_event(c);
  }
  return news;
}

}  // namespace heat::traces
