// Weights are stationary in the lanes: a tile takes b * ceil(m / lanes) * n * ceil(k / width) cycles; each cycle reads
// one input vector, and an accumulator entry is read (but for the first products) and written once per ceil(k / width).
#include "sim/simba_l/compute_engine.h"

#include "base/checked.h"
#include "machines/simba/pe_tile_limits.h"
#include "sim/simba_l/mac_array.h"

namespace heat::simba {

using base::ceil_div;

ComputeEngine::ComputeEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard,
                             ChipletCore& core)
    : Engine(name, context, scoreboard, core.id, SIMBA_COMPUTE), core_(core) {}

void ComputeEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const WaveShape w(command);
  const spec::PeSpec& pe = context_.arch.pe;
  const std::int64_t lanes = pe.lanes, k_cycles = ceil_div(w.k(), pe.width);
  const bool first = command[SIMBA_CMD_FIRST] != 0;
  const std::int64_t entries = machines::simba::PeTileLimits(pe).sums;
  std::int64_t macs = 0, weight = 0, input = 0, writes = 0, reads = 0, longest = 0;
  for (std::int64_t b = 0; b < w.active(0); ++b)
    for (std::int64_t m = 0; m < w.active(1); ++m)
      for (std::int64_t n = 0; n < w.active(2); ++n) {
        const std::int64_t tb = w.part(0, b), tm = w.part(1, m), tn = w.part(2, n), sums = tb * tm * tn;
        context_.check_capacity(name(), command.node(), "half of an accumulation buffer (entries)", sums, entries);
        macs += sums * w.k();
        weight += tb * tm * w.k();
        input += tb * ceil_div(tm, lanes) * tn * w.k();
        writes += sums * k_cycles;
        reads += sums * k_cycles - (first ? sums : 0);
        longest = std::max(longest, tb * ceil_div(tm, lanes) * tn * k_cycles);
      }
  const int node = command.node();
  context_.meter.add(node, spec::Action::kMac, macs);
  context_.meter.add(node, spec::Action::kWeightBufferRead, weight);
  context_.meter.add(node, spec::Action::kInputBufferRead, input);
  context_.meter.add(node, spec::Action::kAccumulatorWrite, writes);
  context_.meter.add(node, spec::Action::kAccumulatorRead, reads);
  const std::int64_t done = context_.now() + longest + pe.compute_overhead_cycles;
  context_.activity.add(chiplet_, Flow::kMac, context_.now(), done, static_cast<double>(macs));
  complete(entry, done);
  wait_until(done);
}

void ComputeEngine::finish(const InFlight& entry) {
  if (!context_.options.data) return;
  const Command& command = entry.command;
  const WaveShape w(command);
  const std::size_t weight = command[SIMBA_CMD_WEIGHT_HALF], input = command[SIMBA_CMD_INPUT_HALF],
                    half = command[SIMBA_CMD_ACC_HALF];
  for (std::int64_t b = 0; b < w.active(0); ++b)
    for (std::int64_t m = 0; m < w.active(1); ++m)
      for (std::int64_t n = 0; n < w.active(2); ++n) {
        PeBuffers& pe = core_.buffers(w.pe(b, m, n));
        const PeTile tile{w.part(0, b), w.part(1, m), w.part(2, n), w.k()};
        pe.sums[half].resize(static_cast<std::size_t>(tile.b * tile.m * tile.n));
        multiply_accumulate(pe.weight[weight].data(), pe.input[input].data(), pe.sums[half].data(), tile,
                            command[SIMBA_CMD_FIRST] != 0);
      }
}

}  // namespace heat::simba
