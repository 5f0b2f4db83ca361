// Sums over channels; maxima stay maxima.
#include "sim/dram/statistics.h"

#include <algorithm>

namespace heat::dram {

ChannelStatistics& ChannelStatistics::operator+=(const ChannelStatistics& o) {
  for (std::size_t i = 0; i < commands.size(); ++i) commands[i] += o.commands[i];
  for (std::size_t i = 0; i < read_latency_log2.size(); ++i) read_latency_log2[i] += o.read_latency_log2[i];
  reads += o.reads;
  writes += o.writes;
  forwarded_reads += o.forwarded_reads;
  merged_writes += o.merged_writes;
  row_hits += o.row_hits;
  row_misses += o.row_misses;
  row_conflicts += o.row_conflicts;
  read_latency_sum_cycles += o.read_latency_sum_cycles;
  read_latency_max_cycles = std::max(read_latency_max_cycles, o.read_latency_max_cycles);
  bytes += o.bytes;
  turnarounds += o.turnarounds;
  data_cycles += o.data_cycles;
  turnaround_cycles += o.turnaround_cycles;
  refresh_cycles += o.refresh_cycles;
  last_finish = std::max(last_finish, o.last_finish);
  if (o.longest_wait.cycles > longest_wait.cycles) longest_wait = o.longest_wait;
  return *this;
}

}  // namespace heat::dram
