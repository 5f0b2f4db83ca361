// All that changed is known when the run is over; each signal's changes are put in order, then those of all signals.
#include "sim/simba_l/waveforms.h"

#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace heat::simba {
namespace {

using traces::SignalType;
using traces::WaveSignal;

constexpr const char* kNoNode = "-";

std::string chiplet_scope(int chiplet) {
  return chiplet < 0 ? "" : "chiplet" + std::to_string(chiplet) + ".";
}
std::string unit_scope(const UnitId& id) {
  return chiplet_scope(id.chiplet.value) + unit_name(id.unit) + ".";
}
std::string flow_signal(spec::ChipletId chiplet, Flow flow) {
  const FlowInfo& info = flow_info(flow);
  return chiplet_scope(info.of_package ? -1 : chiplet.value) + spec::component_name(info.component) + "." + info.name;
}
std::string queue_signal(const UnitId& engine) {
  return unit_scope(engine) + flow_info(Flow::kQueued).name;
}
std::string channel_signal(int channel) {
  return "dram.channel" + std::to_string(channel) + ".accesses";
}

SignalType flow_type(Flow flow) {
  switch (flow) {
    case Flow::kDramOutstanding:
    case Flow::kQueued:
      return SignalType::kInteger;
    case Flow::kDramRead:
    case Flow::kDramWrite:
    case Flow::kNop:
    case Flow::kMac:
    case Flow::kNoc:
      return SignalType::kReal;
  }
  throw std::logic_error("unknown flow");
}

void add_flows(std::vector<WaveSignal>& list, int chiplet) {
  for (const FlowInfo& f : kFlows)
    if (f.of_package == (chiplet < 0))
      list.push_back({flow_signal(spec::ChipletId(chiplet), f.value), flow_type(f.value)});
}

void add_busy(std::vector<WaveSignal>& list, const std::map<std::string, Calendar::Spans>& busy) {
  for (const auto& [name, spans] : busy) list.push_back({name, SignalType::kBit});
}

std::string scope_of(const WaveSignal& s) {
  return s.name.substr(0, s.name.rfind('.'));
}

// Signals of one scope behind one another, scopes as they came first.
void group_by_scope(std::vector<WaveSignal>& list) {
  std::map<std::string, std::size_t> rank;
  for (const WaveSignal& s : list) rank.try_emplace(scope_of(s), rank.size());
  std::stable_sort(list.begin(), list.end(), [&](const WaveSignal& a, const WaveSignal& b) {
    return rank.at(scope_of(a)) < rank.at(scope_of(b));
  });
}

// The names with wildcards in place of numbers: what can be chosen, in few words.
std::string summary_of(const std::vector<WaveSignal>& all) {
  static const std::regex kNumbers("(chiplet|channel|link)[0-9]+(_[0-9]+)?");
  std::set<std::string> seen;
  std::string text;
  for (const WaveSignal& s : all) {
    const std::string name = std::regex_replace(s.name, kNumbers, "$1*");
    if (seen.insert(name).second) text += (text.empty() ? "" : ", ") + name;
  }
  return text;
}

class Builder {
 public:
  Builder(const FinishedRun& run, const std::vector<WaveSignal>& signals) : run_(run) {
    wave_.program = "simba-sim " HEAT_VERSION;
    wave_.clock_ghz = run.arch.clock_ghz;
    wave_.signals = signals;
    wave_.end_cycle = run.result.cycles;
    for (std::size_t i = 0; i < signals.size(); ++i) index_[signals[i].name] = i;
    series_.resize(signals.size());
  }

  traces::Waveform build() {
    add_intervals();
    add_completed();
    add_flows_and_queues();
    for (const auto& [name, spans] : run_.result.waves.busy)
      if (const auto signal = find(name))
        for (const Calendar::Span& s : spans) steps_[*signal].push_back({s.begin, s.end, 1});
    add_accesses();
    for (auto& [signal, steps] : steps_) add_up(signal, std::exchange(steps, {}));
    join();
    return std::move(wave_);
  }

 private:
  // From `begin` to `end` the signal is higher by `height`.
  struct Step {
    std::int64_t begin = 0, end = 0;
    double height = 0;
  };

  std::optional<std::size_t> find(const std::string& name) const {
    const auto at = index_.find(name);
    return at == index_.end() ? std::nullopt : std::optional<std::size_t>(at->second);
  }

  // Nothing when it is the value already; the last of several at one cycle counts.
  void change(std::size_t signal, std::int64_t cycle, double value) {
    auto& list = series_[signal];
    if (!list.empty() && list.back().cycle == cycle) list.pop_back();
    if (list.empty() || list.back().value != value) list.push_back({cycle, signal, value});
  }

  double text(const std::string& text) {
    const auto [at, fresh] = texts_.try_emplace(text, wave_.texts.size());
    if (fresh) wave_.texts.push_back(text);
    return static_cast<double>(at->second);
  }

  void add_intervals() {
    struct Signals {
      std::optional<std::size_t> state, busy, node;
    };
    std::vector<Signals> of(static_cast<std::size_t>(run_.arch.chiplets() * kUnits));
    for (int c = 0; c < run_.arch.chiplets(); ++c)
      for (int u = 0; u < kUnits; ++u) {
        const std::string scope = unit_scope({spec::ChipletId(c), u});
        of[static_cast<std::size_t>(c * kUnits + u)] = {find(scope + "state"), find(scope + "busy"),
                                                        find(scope + "node")};
      }
    for (const TraceInterval& i : run_.result.intervals) {
      const Signals& s = of[static_cast<std::size_t>(i.chiplet.value * kUnits + i.unit)];
      if (s.state) change(*s.state, i.start, text(interval_kind(i)));
      if (s.busy) change(*s.busy, i.start, i.kind == WorkKind::kStall ? 0 : 1);
      if (s.node)
        change(*s.node, i.start, text(i.node < 0 ? kNoNode : run_.schedule.workload.nodes[spec::NodeId(i.node)].name));
    }
  }

  void add_completed() {
    std::map<std::size_t, double> count;
    for (const WaveLog::Completed& c : run_.result.waves.completed)
      if (const auto signal = find(unit_scope(c.unit) + "completed_commands"))
        change(*signal, c.cycle, ++count[*signal]);
  }

  void add_flows_and_queues() {
    std::map<std::pair<int, int>, std::pair<std::optional<std::size_t>, std::optional<std::size_t>>> of;
    for (const Flowed& f : run_.result.waves.flowed) {
      const auto [at, fresh] = of.try_emplace({f.chiplet.value, static_cast<int>(f.flow) * (kUnits + 1) + f.unit + 1});
      if (fresh) {
        at->second.first = find(flow_signal(f.chiplet, f.flow));
        if (f.unit >= 0) at->second.second = find(queue_signal({f.chiplet, f.unit}));
      }
      const Step step{f.start, f.end, f.amount / static_cast<double>(f.end - f.start)};
      if (at->second.first) steps_[*at->second.first].push_back(step);
      if (at->second.second) steps_[*at->second.second].push_back(step);
    }
  }

  void add_accesses() {
    const double cycles_per_clock = run_.dram.clock_ns() * run_.arch.clock_ghz;
    const auto cycle = [&](heat::dram::Cycle c) {
      return static_cast<std::int64_t>(static_cast<double>(c) * cycles_per_clock);
    };
    for (const heat::dram::AccessRecord& a : run_.accesses)
      if (const auto signal = find(channel_signal(a.channel)))
        steps_[*signal].push_back({cycle(a.arrival), cycle(a.finish), 1});
  }

  // The height at each moment; of a bit: whether any step is on. Rates are sums of quotients, so that what is left when
  // the last step ends is set to zero.
  void add_up(std::size_t signal, const std::vector<Step>& steps) {
    std::vector<std::pair<std::int64_t, double>> edges;
    edges.reserve(2 * steps.size());
    for (const Step& s : steps) {
      if (s.begin >= s.end) continue;
      edges.emplace_back(s.begin, s.height);
      edges.emplace_back(s.end, -s.height);
    }
    std::sort(edges.begin(), edges.end());
    double height = 0;
    std::int64_t on = 0;
    change(signal, 0, 0);
    for (const auto& [cycle, step] : edges) {
      if (cycle > wave_.end_cycle) break;
      height += step;
      on += step > 0 ? 1 : -1;
      if (on == 0) height = 0;
      change(signal, cycle, wave_.signals[signal].type == SignalType::kBit ? (on > 0 ? 1 : 0) : height);
    }
  }

  void join() {
    for (std::size_t s = 0; s < series_.size(); ++s) {
      auto& list = series_[s];
      if (list.empty() || list.front().cycle > 0)
        wave_.changes.push_back({0, s, wave_.signals[s].type == SignalType::kText ? text(kNoNode) : 0});
      wave_.changes.insert(wave_.changes.end(), list.begin(), list.end());
      list = {};
    }
    std::stable_sort(wave_.changes.begin(), wave_.changes.end(),
                     [](const auto& a, const auto& b) { return a.cycle < b.cycle; });
  }

  const FinishedRun& run_;
  traces::Waveform wave_;
  std::map<std::string, std::size_t> index_;  // signal by name
  std::map<std::string, std::size_t> texts_;
  std::vector<std::vector<traces::WaveChange>> series_;  // by signal
  std::map<std::size_t, std::vector<Step>> steps_;       // by signal
};

}  // namespace

std::vector<WaveSignal> wave_signals(const spec::ArchSpec& arch, const spec::DramSpec& dram) {
  std::vector<WaveSignal> list;
  for (int c = 0; c < arch.chiplets(); ++c) {
    for (int u = 0; u < kUnits; ++u) {
      const UnitId id{spec::ChipletId(c), u};
      list.push_back({unit_scope(id) + "state", SignalType::kText});
      list.push_back({unit_scope(id) + "busy", SignalType::kBit});
      list.push_back({unit_scope(id) + "node", SignalType::kText});
      if (u == kControllerUnit) continue;
      list.push_back({queue_signal(id), SignalType::kInteger});
      list.push_back({unit_scope(id) + "completed_commands", SignalType::kInteger});
    }
    add_flows(list, c);
    std::map<std::string, Calendar::Spans> busy;
    ChipletCore(arch, spec::ChipletId(c), false).keep(busy);
    add_busy(list, busy);
  }
  add_flows(list, -1);
  for (int c = 0; c < dram.organization.channels; ++c) list.push_back({channel_signal(c), SignalType::kInteger});
  std::map<std::string, Calendar::Spans> links;
  Nop(arch.nop, 1).keep(links, "nop.");
  add_busy(list, links);
  group_by_scope(list);
  return list;
}

std::vector<WaveSignal> choose_signals(const std::vector<WaveSignal>& all, const std::string& patterns) {
  std::vector<bool> chosen(all.size(), false);
  std::istringstream split(patterns);
  for (std::string pattern; std::getline(split, pattern, ',');) {
    bool any = false;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (fnmatch(pattern.c_str(), all[i].name.c_str(), 0) == 0) chosen[i] = any = true;
    if (!any) throw base::ConfigError("--signals: '" + pattern + "' matches no signal; there are " + summary_of(all));
  }
  std::vector<WaveSignal> list;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (chosen[i]) list.push_back(all[i]);
  if (list.empty()) throw base::ConfigError("--signals: is empty; there are " + summary_of(all));
  return list;
}

bool need_accesses(const std::vector<WaveSignal>& signals) {
  return std::any_of(signals.begin(), signals.end(),
                     [](const WaveSignal& s) { return s.name.rfind("dram.channel", 0) == 0; });
}

traces::Waveform waveform_of(const FinishedRun& run, const std::vector<WaveSignal>& signals) {
  return Builder(run, signals).build();
}

}  // namespace heat::simba
