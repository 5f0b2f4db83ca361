// Tables of a run as CSV, and its DRAM requests as the trace text of other DRAM simulators.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "traces/reader.h"

namespace heat::traces {

// Tables that export_csv knows: group, node, tensor, interval, counter, energy, stall, dram_transaction.
const std::vector<std::string>& csv_tables();

// A header line and a line a row (RFC 4180 quoting, "\n" line ends); names instead of ids. Returns the rows written.
// Throws ConfigError on an unknown table.
std::int64_t export_csv(const Reader& reader, const std::string& table, std::ostream& out);

// How the requests are cut and dated.
struct DramTraceOptions {
  int request_bytes = 64;  // a transaction becomes requests of that size, aligned
  double clock_ghz = 0;    // of the cycle column; 0: the run's clock
};

// DRAMsim3: "0xADDRESS READ|WRITE CYCLE", ordered by cycle. Returns the requests written.
std::int64_t export_dramsim3(const Reader& reader, const DramTraceOptions& options, std::ostream& out);
// Ramulator 2 (LoadStoreTrace): "LD|ST 0xADDRESS", ordered by arrival.
std::int64_t export_ramulator2(const Reader& reader, const DramTraceOptions& options, std::ostream& out);

}  // namespace heat::traces
