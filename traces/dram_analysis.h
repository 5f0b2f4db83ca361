// What a run's DRAM requests say: bandwidth over time, row hits by bank, tensor and node, latencies, reuse, and where
// the time of the data bus went. Cycles are the run's clock.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "traces/reader.h"

namespace heat::traces {

// Requests of one bank, tensor or node.
struct DramShare {
  std::string name;
  std::int64_t requests = 0, read_bytes = 0, write_bytes = 0;
  std::array<std::int64_t, 3> row_results{};  // by RowResult
  std::int64_t read_latency_cycles = 0;       // sum over reads
  std::int64_t reads = 0;
  std::int64_t bytes() const { return read_bytes + write_bytes; }
};

// Where the time of the data buses went, in channel-cycles; the parts add up to cycles x channels.
struct DramTime {
  double data = 0;     // moving data
  double idle = 0;     // no request waits
  double refresh = 0;  // requests wait, as long as a refresh takes (needs the resolved DRAM configuration in the run)
  double turnaround = 0;  // between a read and a write
  double rows = 0;        // waiting for a row to be closed and opened
  double spacing = 0;     // waiting for what else constraints ask for between commands
  double total() const { return data + idle + refresh + turnaround + rows + spacing; }
};

// By how much the run would be shorter, as fractions of it, without what its DRAM costs: replays of its commands and bursts
// (run_replay.h).
struct DramWhatIf {
  bool known = false;  // the run recorded its commands
  double free = 0;     // every access answered in the next cycle
  double rows = 0, refresh = 0, turnaround = 0;
  double replay_error = 0;  // of the replay with the DRAM as it is, against the run
};

struct DramAnalysis {
  std::int64_t cycles = 0;
  int channels = 0;
  double peak_bytes_per_cycle = 0;
  DramShare all;
  std::vector<DramShare> by_channel, by_bank, by_tensor, by_node;  // tensors and nodes: most bytes first
  double bin_cycles = 0;
  std::vector<std::int64_t> read_bytes_over_time, write_bytes_over_time;
  std::int64_t lowest_address = 0, highest_address = 0;
  int address_rows = 0;
  std::vector<std::vector<std::int64_t>> bytes_by_time_and_address;  // [time bin][address row]
  std::vector<std::int64_t> read_latency_log2;  // [i]: reads of 2^i to 2^(i+1) - 1 cycles ([0]: 0 and 1)
  std::int64_t read_latency_p50_cycles = 0, read_latency_p95_cycles = 0, read_latency_max_cycles = 0;
  std::int64_t first_touches = 0;              // 64-byte lines touched for the first time
  std::vector<std::int64_t> reuse_log2_lines;  // [i]: reuses after 2^i - 1 to 2^(i+1) - 2 other lines
  DramTime time;
  DramWhatIf what_if;
  std::string limit;  // one sentence
};

// bins: of time; address_rows: of the touched range of addresses.
DramAnalysis analyze_dram(const Reader& reader, int bins = 100, int address_rows = 50);

nlohmann::ordered_json to_json(const DramAnalysis& analysis);
// rows: tensors, nodes and banks listed at most.
std::string to_text(const DramAnalysis& analysis, int rows);

}  // namespace heat::traces
