// Moments that were recorded before what they are said to wait for overlap it: they follow with the distance recorded.
#include "traces/recorded_moments.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::traces {
namespace {

std::int64_t recorded(const CommandRow& c, int moment) {
  switch (moment) {
    case kPushed:
      return c.pushed_cycle;
    case kStart:
      return c.start_cycle;
    case kSettled:
      return c.settled_cycle;
    case kBegin:
      return c.begin_cycle;
    case kFreed:
      return c.freed_cycle;
    case kDone:
      return c.done_cycle;
    default:
      HEAT_CHECK(false, "moment " + std::to_string(moment));
  }
}

}  // namespace

RecordedMoments::RecordedMoments(const RecordedRun& run) : run_(run), points_(run.commands.size() * kMoments) {
  for (const BurstRow& b : run.bursts) with_bursts_.insert(b.transfer);
  for (const UnitRow& u : run.units) unit_[u.id] = u;
  add_units();
  add_controllers();
  for (const CommandWaitRow& w : run.waits) {
    add(id(w.on, w.settled ? kSettled : kDone), id(w.command, kStart));
    if (w.settled && !by_bursts(w.command)) add(id(w.on, kDone), id(w.command, kBegin));
  }
  for (std::size_t i = 0; i < run.commands.size(); ++i) add_command(static_cast<int>(i));
  for (std::size_t i = 0; i < points_.size(); ++i) {
    Point& p = points_[i];
    const int moment = static_cast<int>(i) % kMoments;
    const bool of_bursts =
        by_bursts(static_cast<int>(i) / kMoments) && (moment == kSettled || moment == kFreed || moment == kDone);
    if (p.missing > 0 && !of_bursts) p.extra = std::max<std::int64_t>(0, p.recorded - p.expected);
  }
}

// `to` comes no earlier than `lag` after `from`; less where it was recorded earlier. What overlaps a command that is under
// way follows the moment in which that command's times were known.
void RecordedMoments::add(int from, int to, std::int64_t lag) {
  const auto time = [&](int id) { return recorded(at(id / kMoments), id % kMoments); };
  if (time(to) < time(from) && from % kMoments == kDone) {
    from = id(from / kMoments, kSettled);
    lag = INT64_MAX;
  }
  lag = std::min(lag, time(to) - time(from));
  Point& p = point(to);
  p.recorded = time(to);
  p.expected = std::max(p.missing == 0 ? INT64_MIN : p.expected, time(from) + lag);
  ++p.missing;
  point(from).out.push_back({to, lag});
}

void RecordedMoments::add_command(int i) {
  add(id(i, kPushed), id(i, kStart));
  if (at(i).results_cycle >= 0) add_signals(i);
  if (by_bursts(i)) {
    for (const int moment : {kSettled, kFreed, kDone}) ++point(id(i, moment)).missing;
    return;
  }
  add(id(i, kStart), id(i, kBegin));
  add(id(i, kBegin), id(i, kFreed));
  add(id(i, kBegin), id(i, kDone));
  add(id(i, at(i).settled_cycle >= at(i).begin_cycle ? kBegin : kStart), id(i, kSettled));
}

// Engines take commands in order, and complete them in order; those that compute have their lanes one after another.
void RecordedMoments::add_units() {
  std::map<int, int> last;
  for (std::size_t n = 0; n < run_.commands.size(); ++n) {
    const int i = static_cast<int>(n), unit = at(i).unit;
    of_unit_[unit].push_back(i);
    done_[{unit_.at(unit).chiplet, at(i).done_cycle}] = i;
    if (unit_.at(unit).name == "signal") signals_[unit].push_back(i);
    const auto before = last.find(unit);
    if (before != last.end()) {
      add(id(before->second, kFreed), id(i, kStart));
      add(id(before->second, kDone), id(i, kDone));
      if (unit_.at(unit).name == "compute") add(id(before->second, kDone), id(i, kBegin));
    }
    last[unit] = i;
  }
}

void RecordedMoments::add_controllers() {
  std::map<int, std::vector<int>> pushes;
  std::vector<int> place(run_.commands.size());
  for (const auto& [unit, list] : of_unit_)
    for (std::size_t k = 0; k < list.size(); ++k) {
      place[static_cast<std::size_t>(list[k])] = static_cast<int>(k);
      pushes[unit_.at(unit).chiplet].push_back(list[k]);
    }
  for (auto& [chiplet, list] : pushes) {
    std::sort(list.begin(), list.end(), [&](int a, int b) { return at(a).pushed_cycle < at(b).pushed_cycle; });
    for (std::size_t k = 0; k < list.size(); ++k) add_push(list, k, place[static_cast<std::size_t>(list[k])]);
  }
}

// A push takes the controller's time behind the last one; before it, its queue must have room, or a command be done.
void RecordedMoments::add_push(const std::vector<int>& pushes, std::size_t k, int place) {
  const int command = pushes[k], to = id(command, kPushed), unit = at(command).unit;
  point(to).recorded = at(command).pushed_cycle;
  if (k > 0) add(id(pushes[k - 1], kPushed), to, run_.command_cycles);
  const auto room = static_cast<std::int64_t>(place) - run_.queue_depth;
  if (room >= 0) add(id(of_unit_.at(unit)[static_cast<std::size_t>(room)], kFreed), to, run_.command_cycles);
  const auto waited = done_.find({unit_.at(unit).chiplet, at(command).pushed_cycle - run_.command_cycles});
  if (waited != done_.end() && point(to).missing > 0 && point(to).expected < point(to).recorded)
    add(id(waited->second, kDone), to, run_.command_cycles);
}

// The signals that came in this cycle are the last that all chiplets had sent.
void RecordedMoments::add_signals(int i) {
  std::size_t n = SIZE_MAX;
  for (const auto& [unit, list] : signals_) {
    std::size_t sent = 0;
    while (sent < list.size() && at(list[sent]).done_cycle <= at(i).results_cycle) ++sent;
    n = std::min(n, sent);
  }
  if (n == 0 || n == SIZE_MAX) return;
  std::int64_t last = 0;
  for (const auto& [unit, list] : signals_) last = std::max(last, at(list[n - 1]).done_cycle);
  for (const auto& [unit, list] : signals_) add(id(list[n - 1], kDone), id(i, kStart), at(i).results_cycle - last);
}

}  // namespace heat::traces
