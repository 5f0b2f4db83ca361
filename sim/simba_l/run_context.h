// What the modules of one simulation share: the specs, the clock, the accounts, and the way to stop with an error.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <systemc>
#include <vector>

#include "sim/simba_l/activity.h"
#include "sim/simba_l/energy_meter.h"
#include "sim/simba_l/program_image.h"
#include "sim/simba_l/stall_ledger.h"
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

struct RunOptions {
  bool data = false;             // move and compute the real bytes
  bool trace = false;            // keep intervals and flows
  std::uint64_t stall_seed = 0;  // 0: none; else random extra waits in every engine
};

struct RunContext {
  RunContext(const spec::Schedule& s, const spec::ArchSpec& a, const RunOptions& o)
      : schedule(s),
        arch(a),
        options(o),
        image(s, a),
        meter(s.workload.nodes.size()),
        stalls(s.workload.nodes.size()),
        clock(s.workload.nodes.size()),
        activity(o.trace, a.chiplets()),
        period(static_cast<double>(1.0 / a.clock_ghz), sc_core::SC_NS) {}

  const spec::Schedule& schedule;
  const spec::ArchSpec& arch;
  RunOptions options;
  ProgramImage image;
  EnergyMeter meter;
  StallLedger stalls;
  NodeClock clock;
  Activity activity;
  sc_core::sc_time period;
  std::vector<TraceInterval> intervals;
  std::int64_t completed_commands = 0;  // progress, for the watchdog
  std::exception_ptr error;

  // Present cycle, rounded up; cycle of a time ahead.
  std::int64_t now() const { return cycle_at(sc_core::sc_time_stamp()); }
  std::int64_t cycle_at(const sc_core::sc_time& t) const {
    return static_cast<std::int64_t>((t.value() + period.value() - 1) / period.value());
  }
  sc_core::sc_time time_of(std::int64_t cycle) const {
    return sc_core::sc_time::from_value(static_cast<sc_dt::uint64>(cycle) * period.value());
  }
  // Time from now until `cycle`; zero when it has passed.
  sc_core::sc_time until(std::int64_t cycle) const {
    const sc_core::sc_time at = time_of(cycle), present = sc_core::sc_time_stamp();
    return at > present ? at - present : sc_core::SC_ZERO_TIME;
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
};

}  // namespace heat::simba
