// What the modules of one simulation share: the specs, the clock, the accounts, and the way to stop with an error.
//
// Who waits for time waits by RunContext::wait_until() or by an Alarm, and who waits for the DRAM says so: the run knows
// what is still to come by itself, and that it is in a deadlock when nothing is (run_loop.h).
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <systemc>
#include <vector>

#include "sim/simba_l/activity.h"
#include "sim/simba_l/command_log.h"
#include "sim/simba_l/energy_meter.h"
#include "sim/simba_l/ledger.h"
#include "sim/simba_l/program_image.h"
#include "sim/simba_l/wave_log.h"
#include "spec/arch_spec.h"
#include "spec/ids.h"
#include "spec/schedule.h"

namespace heat::simba {

// A part of a chiplet worked or waited.
struct TraceInterval {
  spec::ChipletId chiplet;
  int unit = 0, node = 0;
  std::int64_t start = 0, end = 0;
  WorkKind kind = WorkKind::kCompute;
  StallReason reason{};  // of a stall
};

// How far a run is.
struct RunProgress {
  std::int64_t cycle = 0;
  std::int64_t nodes_done = 0, nodes = 0;  // those of the groups before the present one; all
  int node = -1;                           // of the command that completed last; -1: none yet
};

struct RunOptions {
  bool data = false;               // move and compute the real bytes
  bool trace = false;              // keep intervals and flows
  bool log = false;                // keep the command log
  bool waves = false;              // with trace: keep what waveforms show beyond them (wave_log.h)
  std::uint64_t random_stall = 0;  // seed of random extra waits in every engine; 0: none
  std::int64_t max_cycles = 0;     // an error past them; 0: no limit
  std::function<void(const RunProgress&)>
      watch;  // asked every few milliseconds of host time; may throw to stop the run
};

// Counts what is to come by itself: waits for time, alarms set, bursts in the DRAM.
class Pending {
 public:
  void add() { ++count_; }
  void remove() {
    --count_;
    last_ = sc_core::sc_time_stamp();
  }
  bool none() const { return count_ == 0; }
  // When the latest of it came; the start of the run when none has.
  const sc_core::sc_time& last() const { return last_; }

 private:
  std::int64_t count_ = 0;
  sc_core::sc_time last_;
};

struct RunContext {
  RunContext(const spec::Schedule& s, const spec::ArchSpec& a, const RunOptions& o)
      : schedule(s),
        arch(a),
        options(o),
        image(s, a),
        meter(s.workload.nodes.size()),
        ledger(s.workload.nodes.size(), a.chiplets()),
        clock(nodes_of_groups(s.plan)),
        activity(o.trace, a.chiplets()),
        period(static_cast<double>(1.0 / a.clock_ghz), sc_core::SC_NS) {
    if (o.waves) activity.keep(waves.flowed);
    log.on = o.log;
  }

  const spec::Schedule& schedule;
  const spec::ArchSpec& arch;
  RunOptions options;
  ProgramImage image;
  EnergyMeter meter;
  Ledger ledger;
  NodeClock clock;
  Activity activity;
  sc_core::sc_time period;
  std::vector<TraceInterval> intervals;
  WaveLog waves;
  CommandLog log;
  Pending pending;
  int running_chiplets = 0;  // whose controllers have not halted
  int latest_node = -1;      // of the command that completed last
  std::exception_ptr error;

  // Present cycle, rounded up; cycle of a time ahead.
  std::int64_t now() const { return cycle_at(sc_core::sc_time_stamp()); }
  std::int64_t cycle_at(const sc_core::sc_time& t) const {
    return static_cast<std::int64_t>((t.value() + period.value() - 1) / period.value());
  }
  sc_core::sc_time time_of(std::int64_t cycle) const {
    return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(cycle) * period.value());
  }
  // The thread that calls it sleeps until `cycle`; not at all when that has come.
  void wait_until(std::int64_t cycle) {
    const sc_core::sc_time left = until(cycle);
    if (left == sc_core::SC_ZERO_TIME) return;
    pending.add();
    sc_core::wait(left);
    pending.remove();
  }

  static std::vector<std::vector<int>> nodes_of_groups(const spec::Plan& plan) {
    std::vector<std::vector<int>> nodes;
    for (const spec::FusedGroup& g : plan.groups) {
      nodes.emplace_back();
      for (const spec::PlannedNode& n : g.nodes) nodes.back().push_back(n.node.value);
    }
    return nodes;
  }
  // What the unit has not accounted for up to cycle `until` went to this; `reason`: of a stall. The timeline shows the
  // same entries as the ledger.
  void account(const UnitId& unit, int node, WorkKind kind, StallReason reason, std::int64_t until) {
    const std::int64_t since =
        ledger.add(unit, node, kind == WorkKind::kStall ? Ledger::Wait(reason) : std::nullopt, until);
    if (options.trace && since < until)
      intervals.push_back({unit.chiplet, unit.unit, node, since, until, kind, reason});
  }
  // Remembers the first error and stops the kernel. Processes must not let exceptions out.
  void fail(std::exception_ptr e) {
    if (!error) error = e;
    sc_core::sc_stop();
  }
  const std::string& node_name(int node) const { return schedule.workload.nodes[spec::NodeId(node)].name; }
  // Throws ScheduleError naming module and node when `needed` exceeds `available`.
  void check_capacity(const std::string& module, int node, const char* what, std::int64_t needed,
                      std::int64_t available) const {
    if (needed > available)
      throw base::ScheduleError(schedule.file + ": node '" + node_name(node) + "': " + module + ": " + what +
                                " takes " + std::to_string(needed) + ", there are " + std::to_string(available));
  }

 private:
  friend class Alarm;
  // Time from now until `cycle`; zero when it has passed.
  sc_core::sc_time until(std::int64_t cycle) const {
    const sc_core::sc_time at = time_of(cycle), present = sc_core::sc_time_stamp();
    return at > present ? at - present : sc_core::SC_ZERO_TIME;
  }
};

// Wakes a method at a cycle.
class Alarm {
 public:
  explicit Alarm(RunContext& context) : context_(context) {}
  const sc_core::sc_event& event() const { return event_; }
  // Of two cycles set, the earlier counts.
  void set(std::int64_t cycle) {
    if (!set_) context_.pending.add();
    set_ = true;
    event_.notify(context_.until(cycle));
  }
  // The method that it woke calls this first, and sets it again for what it still waits for.
  void rang() {
    if (set_) context_.pending.remove();
    set_ = false;
  }

 private:
  RunContext& context_;
  sc_core::sc_event event_;
  bool set_ = false;
};

}  // namespace heat::simba
