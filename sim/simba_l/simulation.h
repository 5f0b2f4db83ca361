// Runs one schedule on one machine. The SystemC kernel is global: one run a process.
//
// Use: RunResult r = simulate(schedule, arch, table, options, attachment);   attachment binds the DRAM
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "sim/simba_l/package.h"
#include "spec/energy_table.h"
#include "spec/run_floor.h"

namespace heat::simba {

// The DRAM behind the package's port.
struct DramAttachment {
  std::function<void(tlm_utils::simple_initiator_socket<DramPort>&)> bind;
  std::function<DramEnergy()> energy;                                     // of the run, asked for at its end
  double peak_bytes_per_cycle = std::numeric_limits<double>::infinity();  // of the devices
};

// Energy by component, every one of spec::kComponents by its name. pj() adds them in the order of the names.
struct EnergyByComponent {
  std::map<std::string, double> pj_of;
  EnergyByComponent();
  double pj() const;
  EnergyByComponent& operator+=(const EnergyByComponent& o);
};

// A unit's wait while it worked for a node, summed over the chiplets.
struct Stall {
  int unit = 0;
  StallReason reason{};
  std::int64_t cycles = 0;
};

// Where the cycles of a unit went: work and waits add up to the run's.
struct UnitLedger {
  UnitId unit;
  std::int64_t work = 0;
  std::vector<Stall> waits;  // those that took any
};

struct NodeResult {
  std::int64_t cycles = 0;
  EnergyByComponent energy;
  std::int64_t macs = 0, dram_read_bytes = 0, dram_write_bytes = 0;
  std::vector<Stall> stalls;
};

struct GroupResult {
  std::int64_t start_cycle = 0, end_cycle = 0;  // last completions of the group before it and of its own nodes
  double energy_pj = 0;                         // of its nodes
};

struct RunResult {
  std::int64_t cycles = 0;
  EnergyByComponent energy;  // of the nodes, added one after another
  std::vector<NodeResult> nodes;
  std::vector<GroupResult> groups;
  std::vector<UnitLedger> ledger;  // every unit of every chiplet
  std::vector<Stall> waits_of_no_node;
  std::vector<EnergyPart> energy_parts;
  std::vector<TraceInterval> intervals;
  CommandLog log;
  std::vector<FlowSample> flows;
  WaveLog waves;
  std::map<std::string, std::vector<std::uint8_t>> outputs;  // tensors of kind output, with data
  std::map<std::string, std::int64_t> counts;                // actions by name
  spec::RunFloor floor;                                      // what the machine could do at best
};

// `image`: content of the DRAM from address 0 (used with data). Throws ScheduleError for a schedule that does not fit,
// deadlocks or overruns a buffer.
RunResult simulate(const spec::Schedule& schedule, const spec::ArchSpec& arch, const spec::EnergyTable& table,
                   const RunOptions& options, const DramAttachment& dram, const std::vector<std::uint8_t>& image);

}  // namespace heat::simba
