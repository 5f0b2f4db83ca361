// What a channel counts.
#pragma once

#include <array>
#include <cstdint>

#include "sim/dram/energy.h"
#include "sim/dram/types.h"
#include "sim/dram/wait_clock.h"
#include "spec/dram_spec.h"

namespace heat::dram {

struct ChannelStatistics {
  std::array<std::uint64_t, spec::kDramCommands> commands{};
  std::uint64_t reads = 0, writes = 0;                            // accesses accepted
  std::uint64_t forwarded_reads = 0;                              // answered by the write queue
  std::uint64_t merged_writes = 0;                                // absorbed by a queued write
  std::uint64_t row_hits = 0, row_misses = 0, row_conflicts = 0;  // of column accesses, by what their request met
  std::uint64_t read_latency_sum_cycles = 0;
  Cycle read_latency_max_cycles = 0;
  std::array<std::uint64_t, 40> read_latency_log2{};  // [i]: latencies from 2^i to 2^(i+1) - 1 cycles
  std::uint64_t bytes = 0;                            // moved over the data bus
  std::uint64_t turnarounds = 0;                      // changes of the data bus's direction
  Cycle data_cycles = 0;                              // data bus busy
  Cycle turnaround_cycles = 0;                        // data bus idle because of a change of direction
  Cycle refresh_cycles = 0;                           // rank (all-bank) or bank (per-bank) unavailable
  Cycle last_finish = 0;                              // last data through
  Wait longest_wait;                                  // from acceptance to column command

  std::uint64_t count(spec::DramCommand c) const { return commands[static_cast<std::size_t>(spec::index(c))]; }
  std::uint64_t activations() const { return count(spec::DramCommand::kAct); }
  std::uint64_t read_commands() const { return count(spec::DramCommand::kRd) + count(spec::DramCommand::kRdAp); }
  std::uint64_t write_commands() const { return count(spec::DramCommand::kWr) + count(spec::DramCommand::kWrAp); }
  std::uint64_t precharges() const { return count(spec::DramCommand::kPre) + count(spec::DramCommand::kPreAll); }
  std::uint64_t refreshes() const { return count(spec::DramCommand::kRefAll) + count(spec::DramCommand::kRefBank); }
  ChannelStatistics& operator+=(const ChannelStatistics& o);
};

}  // namespace heat::dram
