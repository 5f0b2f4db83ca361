// What a report shows of a run's DRAM requests.
#pragma once

#include <nlohmann/json.hpp>

#include "traces/reader.h"

namespace heat::traces {

// Traffic in `bins` equal slices of the run (a request counts where it finishes) and over `address_rows` equal shares
// of the addresses touched: {requests, row_hits, row_misses, row_conflicts, bin_cycles, read_bytes: [], write_bytes:
// [], row_hit_rate: [] (null in a slice without requests), lowest_address, highest_address, address_rows, cells: [[bin,
// address_row, bytes], ...]}. null when the run recorded no requests.
nlohmann::ordered_json dram_over_time(const Reader& reader, int bins, int address_rows);

}  // namespace heat::traces
