// A recorded run once more, with another DRAM: its commands keep what they did and what they waited for, its bursts pass
// the DRAM engine again (sim/dram/controller.h).
//
// Modelled: the order of every engine and of the controllers' pushes, queues of limited depth, waits between commands and
// for signals, windows of bursts, the ports' slots, write ports of the global buffers, every DRAM access. What a command did
// beside the DRAM takes as long as it was recorded to; contention inside a chiplet and on the NoP stays as it was.
#pragma once

#include <cstdint>
#include <vector>

#include "spec/dram_spec.h"
#include "traces/reader.h"

namespace heat::traces {

struct RecordedRun {
  std::vector<CommandRow> commands;
  std::vector<CommandWaitRow> waits;
  std::vector<BurstRow> bursts;
  std::vector<UnitRow> units;
  std::int64_t cycles = 0;
  double clock_ghz = 1;
  // Of the machine.
  std::int64_t command_cycles = 0, setup_cycles = 0, outstanding_bursts = 1, queue_depth = 1;
  double port_bytes_per_cycle = 1, receiver_bytes_per_cycle = 1;  // of a DRAM port; from the NoP into a global buffer
};

// Throws TraceError for a configuration without what a replay needs.
RecordedRun recorded_run(const Reader& reader);

// Cycles that the run takes with this DRAM.
std::int64_t replayed_cycles(const RecordedRun& run, const spec::DramSpec& dram);

}  // namespace heat::traces
