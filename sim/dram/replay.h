// Replays a trace on all channels of a DRAM, without SystemC: what dram-sim does.
//
// Requests are offered in order, at most one per memory cycle (or `width`, at most one per channel); a request whose
// queue is full holds those behind it up.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/dram/address_mapping.h"
#include "sim/dram/controller.h"
#include "sim/dram/trace_reader.h"

namespace heat::dram {

struct ReplayOptions {
  std::optional<std::int64_t> pace;   // request i not before cycle pace * i; else the trace's own cycles
  std::optional<std::int64_t> limit;  // only the first so many requests
  int width = 1;                      // requests offered per memory cycle at most
  bool wrap_addresses = false;        // addresses beyond the capacity wrap around instead of being an error
};

struct ReplayResult {
  std::uint64_t requests = 0;
  Cycle total_cycles = 0;        // cycle in which the last data are through, + 1
  ChannelStatistics statistics;  // sum over channels
  std::vector<ChannelStatistics> channels;
  EnergyBreakdown energy;
  std::vector<EnergyBreakdown> bank_energy;  // [channel][bank], commands only
  std::array<Cycle, 5> residency_cycles{};   // rank-cycles by state (EnergyMeter::residency), all ranks
};

class Replay {
 public:
  explicit Replay(const spec::DramSpec& spec);
  // Hears every command of a channel.
  void set_command_sink(int channel, CommandSink* sink) {
    controllers_[static_cast<std::size_t>(channel)]->set_command_sink(sink);
  }
  // Throws TraceError for a malformed line or an address beyond the capacity.
  ReplayResult run(TraceReader& trace, const ReplayOptions& options);

 private:
  AddressMapping::Target target_of(const TraceRequest& request, const TraceReader& trace, bool wrap) const;

  const spec::DramSpec spec_;
  AddressMapping mapping_;
  std::vector<std::unique_ptr<Controller>> controllers_;
};

}  // namespace heat::dram
