// The run database: one SQLite file a run. The rows as C++ sees them, and the SQL that makes their tables.
//
// Conventions: cycles count run.clock_ghz; ids are small integers, -1 in C++ and NULL in SQL for "none"; times are
// half-open, [start_cycle, end_cycle). docs/traces.md describes every column.
#pragma once

#include <cstdint>
#include <string>

#include "spec/units.h"

namespace heat::traces {

// PRAGMA user_version; raised whenever a table or the meaning of a column changes.
constexpr int kSchemaVersion = 3;
// PRAGMA application_id: "HEAT".
constexpr std::int64_t kApplicationId = 0x48454154;

// What produced the run and on what machine. Known before the run.
struct RunInfo {
  std::string program;  // "simba-sim"
  std::string version;
  std::int64_t seed = 0;
  std::string schedule;  // file, as the user named it
  std::string network;
  std::string method;  // dense | cp | tucker | ttm | svd | mixed
  std::string arch;    // name
  double clock_ghz = 1;
  std::int64_t peak_macs_per_cycle = 0;
  double dram_peak_bytes_per_cycle = 0;
};

// Known after the run. The run's energy is the sum of its energy rows: the writer computes it.
struct RunTotals {
  std::int64_t cycles = 0;
};

// The row of table `run`.
struct RunRow {
  RunInfo info;
  std::int64_t cycles = 0;
  std::int64_t macs = 0;  // sum over nodes
  double energy_pj = 0;   // sum over energy rows
  double latency_ns() const { return static_cast<double>(cycles) / info.clock_ghz; }
  double edp_js() const { return spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(latency_ns())); }
  // Fraction of the peak multiply-accumulates, in [0, 1].
  double utilization() const {
    const double peak = static_cast<double>(cycles) * static_cast<double>(info.peak_macs_per_cycle);
    return peak > 0 ? static_cast<double>(macs) / peak : 0;
  }
};

// A fused group; id = its position in the schedule.
struct GroupRow {
  std::int32_t id = -1;
  std::string name;
  std::int64_t start_cycle = 0;
  std::int64_t end_cycle = 0;
  double predicted_cycles = 0;
  double predicted_energy_pj = 0;
};

// A schedule node; id = its position in the schedule.
struct NodeRow {
  std::int32_t id = -1;
  std::string name;
  std::string layer;
  std::int32_t group = -1;
  std::int64_t macs = 0;
  std::int64_t cycles = 0;  // charged to the node: the time the run advanced on its account
  double energy_pj = 0;     // ignored by the writer, which sums the node's energy rows
  double predicted_cycles = 0;
  double predicted_energy_pj = 0;
  std::int64_t dram_read_bytes = 0;
  std::int64_t dram_write_bytes = 0;
};

// A tensor of the schedule; id = its position there.
struct TensorRow {
  std::int32_t id = -1;
  std::string name;
  std::int64_t dram_address = -1;
  std::int64_t bytes = 0;
};

// A part of the machine that does one thing at a time ("pe3", "dma.load", "channel0.bank5").
struct UnitRow {
  std::int32_t id = -1;
  std::int32_t chiplet = -1;  // -1: belongs to the package (DRAM, NoP)
  std::string name;
};

// A unit was busy with one kind of work ("compute", "load", "multicast", "drain", "stall", ...).
struct IntervalRow {
  std::int32_t unit = -1;
  std::int64_t start_cycle = 0;
  std::int64_t end_cycle = 0;
  std::string kind;
  std::int32_t node = -1;
};

// A value sampled at a cycle; it holds until the next sample of the same unit and name.
struct CounterRow {
  std::int32_t unit = -1;
  std::string name;  // ends in its unit of measure: "queue_commands", "occupancy_bytes"
  std::int64_t cycle = 0;
  double value = 0;
};

// Energy of `count` actions of a component, in all. Static energy is the action "static".
struct EnergyRow {
  std::string component;   // spec::component_of()
  std::string action;      // spec::action_name(), "static", or a DRAM command
  std::int32_t node = -1;  // -1: not on account of one node
  std::int64_t count = 0;
  double energy_pj = 0;
};

// Cycles an engine waited while it worked for a node; -1: after the last one.
struct StallRow {
  std::int32_t node = -1;
  std::string engine;  // "pe", "dma.load", "ppu", ...
  std::string reason;  // "load", "command" (none was queued), ...
  std::int64_t cycles = 0;
};

enum class RowResult { kHit = 0, kMiss = 1, kConflict = 2 };  // row open; bank closed; another row open

// One DRAM request, in cycles of the run's clock.
struct DramTransactionRow {
  std::int64_t address = 0;
  std::int32_t bytes = 0;
  bool is_write = false;
  std::int64_t arrival_cycle = 0;  // at the controller
  std::int64_t start_cycle = 0;    // its first command is issued
  std::int64_t finish_cycle = 0;   // its last data beat
  RowResult row_result = RowResult::kHit;
  std::int32_t channel = 0, rank = 0, bank_group = 0, bank = 0, row = 0;
  std::int32_t node = -1;
  std::int32_t tensor = -1;
};

// A command of an engine, in cycles of the run's clock: pushed; all it waits for is there; its times are known; it begins
// to work; the engine is free for the next one; done. Ids count from 0.
struct CommandRow {
  std::int32_t id = -1;
  std::int32_t unit = -1;
  std::int64_t pushed_cycle = 0, start_cycle = 0, settled_cycle = 0, begin_cycle = 0, freed_cycle = 0, done_cycle = 0;
  std::int64_t results_cycle = -1;  // when the signals came that it waits for; -1: for none
  std::int32_t transfer = -1;       // of the DRAM or between buffers, alone or with other commands
  std::int32_t node = -1;
};

// A command waits for another: to be done, or only for its times to be known (`settled`).
struct CommandWaitRow {
  std::int32_t command = -1, on = -1;
  bool settled = false;
};

// A burst of a transfer: takes a place in the unit's window, may enter the DRAM, the DRAM has answered, its slot of the
// port begins, all receivers (of a write: the unit) know.
struct BurstRow {
  std::int32_t transfer = -1, unit = -1;
  std::int32_t port = 0;  // of the DRAM; -1 - chiplet: from or to the global buffer there, without the DRAM
  std::int64_t address = 0;
  std::int32_t bytes = 0;
  bool is_write = false;
  std::int64_t submitted_cycle = 0, ready_cycle = 0, answered_cycle = 0, slot_cycle = 0, end_cycle = 0;
};

// CREATE TABLE statements of the whole schema, and the indices that are made after the rows.
const char* schema_sql();
const char* index_sql();

}  // namespace heat::traces
