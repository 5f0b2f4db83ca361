// Writes a finished run into a run database (traces/schema.h).
#pragma once

#include <string>
#include <vector>

#include "sim/dram/dram.h"
#include "sim/simba_l/simulation.h"

namespace heat::simba {

// What ran on what, and what came of it.
struct FinishedRun {
  const spec::Schedule& schedule;
  const spec::ArchSpec& arch;
  const spec::EnergyTable& table;
  const spec::DramSpec& dram;
  const RunOptions& options;
  const RunResult& result;
  const std::vector<heat::dram::AccessRecord>& accesses;  // DRAM column accesses, empty unless asked for
};

// What all channels of a DRAM can move in a cycle of the machine's clock.
double dram_peak_bytes_per_cycle(const spec::DramSpec& dram, const spec::ArchSpec& arch);

// What the interval is called: "read", "fill.multicast", "stall.load".
std::string interval_kind(const TraceInterval& interval);

// Throws FileError.
void write_run_database(const std::string& path, const FinishedRun& run);

}  // namespace heat::simba
