// Discrete events over moments (recorded_moments.h). A transfer's moments come from its bursts.
#include "traces/run_replay.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <queue>
#include <tuple>

#include "base/errors.h"
#include "traces/recorded_moments.h"
#include "traces/replayed_dram.h"

namespace heat::traces {
namespace {

constexpr std::int64_t kNever = ReplayedDram::kNever;

// A port or link that serves one burst at a time, each in the first gap that is long enough.
class Slots {
 public:
  // `now`: nothing will be asked for before it any more.
  std::int64_t reserve(std::int64_t earliest, std::int64_t duration, std::int64_t now) {
    while (!busy_.empty() && busy_.begin()->second <= now) busy_.erase(busy_.begin());
    auto next = busy_.upper_bound(earliest);
    std::int64_t start = earliest;
    if (next != busy_.begin()) start = std::max(start, std::prev(next)->second);
    for (; next != busy_.end() && next->first < start + duration; ++next) start = next->second;
    busy_.emplace(start, start + duration);
    return start;
  }

 private:
  std::map<std::int64_t, std::int64_t> busy_;  // begin -> end
};

struct Event {
  enum Kind : std::uint8_t { kMoment, kIssue, kReady, kEntered, kAnswered, kArrived };
  std::int64_t at;
  std::uint64_t order;
  Kind kind;
  int what;  // moment, transfer, or burst
  // In one cycle transfers and bursts keep the order in which they were recorded.
  std::uint64_t rank() const { return kind == kIssue || kind == kReady ? static_cast<std::uint64_t>(what) : order; }
  bool operator<(const Event& o) const {
    return at != o.at ? at > o.at : kind != o.kind ? kind > o.kind : rank() > o.rank();
  }
};

struct Transfer {
  std::vector<int> commands, bursts;
  int unit = -1, to_start = 0;
  std::size_t next = 0, arrived = 0;
  std::int64_t recorded_end = 0, last = 0;
};

struct Unit {
  std::int64_t places = 0;  // of its window
  int issuing = -1;
};

struct Port {
  Slots slots;
  bool entering = false;
  std::deque<int> ready;
};

class Replay {
 public:
  Replay(const RecordedRun& run, const spec::DramSpec& dram)
      : run_(run), moments_(run), points_(moments_.points()), dram_(dram, run.clock_ghz), time_(points_.size(), 0) {
    prepare_transfers();
    prepare_ways();
    for (std::size_t p = 0; p < points_.size(); ++p)
      if (points_[p].missing == 0)
        push(std::max<std::int64_t>(points_[p].recorded, 0), Event::kMoment, static_cast<int>(p));
  }

  std::int64_t run() {
    std::int64_t done = 0, recorded_done = 0;
    for (;;) {
      const std::int64_t in_dram = dram_.next(), event = events_.empty() ? kNever : events_.top().at;
      if (std::min(in_dram, event) >= kNever) break;
      if (in_dram <= event) {
        for (const ReplayedDram::News& n : dram_.advance())
          push(n.cycle, n.answered ? Event::kAnswered : Event::kEntered, n.burst);
        continue;
      }
      const Event e = events_.top();
      events_.pop();
      handle(e);
      if (e.kind == Event::kMoment && e.what % kMoments == kDone) done = std::max(done, e.at);
    }
    for (const CommandRow& c : run_.commands) recorded_done = std::max(recorded_done, c.done_cycle);
    return done + run_.cycles - recorded_done;
  }

 private:
  const BurstRow& burst(int b) const { return run_.bursts[static_cast<std::size_t>(b)]; }
  void push(std::int64_t at, Event::Kind kind, int what) { events_.push({at, order_++, kind, what}); }
  std::int64_t slot_cycles(int b) const {
    return static_cast<std::int64_t>(std::ceil(burst(b).bytes / run_.port_bytes_per_cycle));
  }

  void prepare_transfers() {
    for (std::size_t b = 0; b < run_.bursts.size(); ++b) {
      Transfer& t = transfers_[run_.bursts[b].transfer];
      t.unit = run_.bursts[b].unit;
      t.bursts.push_back(static_cast<int>(b));
      t.recorded_end = std::max(t.recorded_end, run_.bursts[b].end_cycle);
    }
    for (std::size_t i = 0; i < run_.commands.size(); ++i) {
      if (!moments_.by_bursts(static_cast<int>(i))) continue;
      Transfer& t = transfers_[run_.commands[i].transfer];
      t.commands.push_back(static_cast<int>(i));
      ++t.to_start;
    }
    for (const auto& [id, t] : transfers_) units_[t.unit].places = run_.outstanding_bursts;
  }

  // From a port to the receivers; the shortest seen is that of a burst that met nobody on it.
  using Way = std::tuple<int, int, int, std::size_t>;  // unit, port, bytes, receivers
  Way way_of(const BurstRow& b) const { return {b.unit, b.port, b.bytes, transfers_.at(b.transfer).commands.size()}; }
  void prepare_ways() {
    for (const BurstRow& b : run_.bursts) {
      if (b.is_write || b.port < 0) continue;
      const auto [at, added] = ways_.emplace(way_of(b), b.end_cycle - b.slot_cycle);
      if (!added) at->second = std::min(at->second, b.end_cycle - b.slot_cycle);
    }
  }

  void handle(const Event& e) {
    switch (e.kind) {
      case Event::kMoment:
        return came(e.what, e.at);
      case Event::kIssue:
        units_[transfers_[e.what].unit].issuing = e.what;
        return issue(transfers_[e.what].unit, e.at);
      case Event::kReady:
        return ready(e.what, e.at);
      case Event::kEntered:
        return entered(burst(e.what).port, e.at);
      case Event::kAnswered:
        return answered(e.what, e.at);
      case Event::kArrived:
        return arrived(e.what, e.at);
    }
  }

  void came(int id, std::int64_t now) {
    for (const RecordedMoments::Edge& edge : points_[static_cast<std::size_t>(id)].out)
      resolve(edge.to, now + edge.lag, now);
    const int command = id / kMoments;
    if (id % kMoments != kStart || !moments_.by_bursts(command)) return;
    Transfer& t = transfers_[run_.commands[static_cast<std::size_t>(command)].transfer];
    if (--t.to_start == 0)
      push(now + run_.setup_cycles, Event::kIssue, run_.commands[static_cast<std::size_t>(command)].transfer);
  }

  // One of what the moment waits for has come.
  void resolve(int id, std::int64_t at, std::int64_t now) {
    const auto p = static_cast<std::size_t>(id);
    time_[p] = std::max(time_[p], at);
    if (--points_[p].missing == 0) push(std::max(time_[p] + points_[p].extra, now), Event::kMoment, id);
  }

  void issue(int unit, std::int64_t now) {
    Unit& u = units_[unit];
    while (u.issuing >= 0 && u.places > 0) {
      Transfer& t = transfers_[u.issuing];
      --u.places;
      const int b = t.bursts[t.next++];
      const BurstRow& row = burst(b);
      if (row.port < 0) {
        push(now + row.end_cycle - row.submitted_cycle, Event::kArrived, b);
      } else if (row.is_write) {
        Port& port = ports_[row.port];
        const std::int64_t slot = port.slots.reserve(now + row.slot_cycle - row.submitted_cycle, slot_cycles(b), now);
        push(slot + row.ready_cycle - row.slot_cycle, Event::kReady, b);
      } else {
        push(now + row.ready_cycle - row.submitted_cycle, Event::kReady, b);
      }
      if (t.next < t.bursts.size()) continue;
      u.issuing = -1;
      for (const int c : t.commands) resolve(RecordedMoments::id(c, kFreed), now, now);
    }
  }

  void ready(int b, std::int64_t now) {
    Port& port = ports_[burst(b).port];
    port.ready.push_back(b);
    if (!port.entering) enter_next(burst(b).port, now);
  }
  void entered(int port, std::int64_t now) {
    ports_[port].entering = false;
    enter_next(port, now);
  }
  void enter_next(int number, std::int64_t now) {
    Port& port = ports_[number];
    if (port.ready.empty()) return;
    const int b = port.ready.front();
    port.ready.pop_front();
    port.entering = true;
    dram_.enter(b, static_cast<std::uint64_t>(burst(b).address), burst(b).bytes, burst(b).is_write, now);
  }

  void answered(int b, std::int64_t now) {
    const BurstRow& row = burst(b);
    if (row.is_write) return push(now + row.end_cycle - row.answered_cycle, Event::kArrived, b);
    const std::int64_t slot = ports_[row.port].slots.reserve(now, slot_cycles(b), now);
    const auto write = static_cast<std::int64_t>(std::ceil(row.bytes / run_.receiver_bytes_per_cycle));
    const std::int64_t whole = slot + ways_.at(way_of(row));
    std::int64_t end = whole;
    for (const int c : transfers_.at(row.transfer).commands) {
      Slots& receiver = receivers_[run_.commands[static_cast<std::size_t>(c)].unit];
      end = std::max(end, receiver.reserve(whole - write, write, now) + write);
    }
    // A place of the window is free when all that came before it in the transfer is there, too.
    Transfer& t = transfers_[row.transfer];
    t.last = std::max(t.last, end);
    push(t.last, Event::kArrived, b);
  }

  void arrived(int b, std::int64_t now) {
    Transfer& t = transfers_[burst(b).transfer];
    ++units_[t.unit].places;
    if (++t.arrived == t.bursts.size())
      for (const int c : t.commands) {
        const CommandRow& command = run_.commands[static_cast<std::size_t>(c)];
        resolve(RecordedMoments::id(c, kSettled), now, now);
        resolve(RecordedMoments::id(c, kDone), std::max(now + command.done_cycle - t.recorded_end, now), now);
      }
    issue(t.unit, now);
  }

  const RecordedRun& run_;
  RecordedMoments moments_;
  std::vector<RecordedMoments::Point>& points_;
  ReplayedDram dram_;
  std::vector<std::int64_t> time_;
  std::priority_queue<Event> events_;
  std::uint64_t order_ = 0;
  std::map<int, Transfer> transfers_;
  std::map<int, Unit> units_;
  std::map<int, Port> ports_;
  std::map<Way, std::int64_t> ways_;
  std::map<int, Slots> receivers_;  // by the loading unit of the chiplet
};

}  // namespace

RecordedRun recorded_run(const Reader& reader) {
  RecordedRun run;
  reader.for_each_command([&](const CommandRow& row) { run.commands.push_back(row); });
  reader.for_each_command_wait([&](const CommandWaitRow& row) { run.waits.push_back(row); });
  reader.for_each_burst([&](const BurstRow& row) { run.bursts.push_back(row); });
  if (run.commands.empty()) return run;
  run.units = reader.units();
  run.cycles = reader.run().cycles;
  run.clock_ghz = reader.run().info.clock_ghz;
  const nlohmann::ordered_json config = reader.config();
  try {
    const auto& arch = config.at("arch");
    run.command_cycles = arch.at("controller").at("command_cycles").get<std::int64_t>();
    run.queue_depth = arch.at("controller").at("queue_depth").get<std::int64_t>();
    run.setup_cycles = arch.at("dma").at("setup_cycles").get<std::int64_t>();
    run.outstanding_bursts = arch.at("dma").at("outstanding_bursts").get<std::int64_t>();
    run.port_bytes_per_cycle = arch.at("dram").at("port_bytes_per_cycle").get<double>();
    run.receiver_bytes_per_cycle = std::min(arch.at("global_buffer").at("write_bytes_per_cycle").get<double>(),
                                            arch.at("nop").at("link_bytes_per_cycle").get<double>());
  } catch (const nlohmann::json::exception& e) {
    throw base::TraceError(reader.path() + ": config.arch: not what a replay needs (" + e.what() + ")");
  }
  return run;
}

std::int64_t replayed_cycles(const RecordedRun& run, const spec::DramSpec& dram) {
  return Replay(run, dram).run();
}

}  // namespace heat::traces
