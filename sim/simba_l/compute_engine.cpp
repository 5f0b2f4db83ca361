// Weights are stationary in the lanes; how long a tile takes says machines/simba/pe_timing.h. The engine is busy with a
// command until its first PE begins, the command is under way until its last PE ends.
#include "sim/simba_l/compute_engine.h"

#include "base/checked.h"
#include "machines/simba/pe_tile_limits.h"
#include "sim/simba_l/mac_array.h"

namespace heat::simba {

using base::ceil_div;

ComputeEngine::ComputeEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard,
                             ChipletCore& core)
    : Engine(name, context, scoreboard, core.id, SIMBA_COMPUTE), core_(core), timing_(context.arch.pe) {}

void ComputeEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const WaveShape w(command);
  const spec::PeSpec& pe = context_.arch.pe;
  const std::int64_t k_cycles = ceil_div(w.k(), pe.width), now = context_.now();
  const bool first = command[SIMBA_CMD_FIRST] != 0;
  const std::int64_t entries = machines::simba::PeTileLimits(pe).sums;
  std::int64_t macs = 0, weight = 0, input = 0, writes = 0, reads = 0, begin = INT64_MAX, end = 0;
  Wait wait;
  for (std::int64_t b = 0; b < w.active(0); ++b)
    for (std::int64_t m = 0; m < w.active(1); ++m)
      for (std::int64_t n = 0; n < w.active(2); ++n) {
        const std::int64_t tb = w.part(0, b), tm = w.part(1, m), tn = w.part(2, n), sums = tb * tm * tn;
        context_.check_capacity(name(), command.node(), "half of an accumulation buffer (entries)", sums, entries);
        macs += sums * w.k();
        weight += tb * tm * w.k();
        input += tb * ceil_div(tm, pe.lanes) * tn * w.k();
        writes += sums * k_cycles;
        reads += sums * k_cycles - (first ? sums : 0);
        const Wait ready = start_of(command, core_.clock(w.pe(b, m, n)), now);
        if (ready.until < begin) wait = ready;
        begin = std::min(begin, ready.until);
        const std::int64_t cycles = timing_.compute_cycles(tb, tm, tn, w.k(), first);
        const std::int64_t done = ready.until + cycles + pe.compute_overhead_cycles;
        set_clock(command, core_.clock(w.pe(b, m, n)), done);
        core_.clock(w.pe(b, m, n)).macs_used += cycles;
        end = std::max(end, done);
      }
  const int node = command.node();
  context_.meter.add(node, spec::Action::kMac, macs);
  context_.meter.add(node, spec::Action::kWeightBufferRead, weight);
  context_.meter.add(node, spec::Action::kInputBufferRead, input);
  context_.meter.add(node, spec::Action::kAccumulatorWrite, writes);
  context_.meter.add(node, spec::Action::kAccumulatorRead, reads);
  context_.activity.add(chiplet_, Flow::kMac, begin, end, static_cast<double>(macs));
  if (context_.options.data) multiply(command, w);
  entry.waits.push_back(wait);
  complete(entry, end);
  wait_until(begin);
}

// When a PE can begin, and what it waits for until then.
Engine::Wait ComputeEngine::start_of(const Command& command, const PeClock& pe, std::int64_t now) {
  Wait wait{std::max(now, pe.macs_free), waits_for_engine(SIMBA_COMPUTE)};
  const auto needs = [&](std::int64_t cycle, int engine) {
    if (cycle > wait.until) wait = {cycle, waits_for_engine(engine)};
  };
  needs(pe.weight.there[command[SIMBA_CMD_WEIGHT_HALF]], SIMBA_SEND_WEIGHT);
  needs(pe.input.there[command[SIMBA_CMD_INPUT_HALF]], SIMBA_SEND_INPUT);
  if (command[SIMBA_CMD_FIRST] != 0) needs(pe.sums.free[command[SIMBA_CMD_ACC_HALF]], SIMBA_DRAIN);
  return wait;
}

// The PE has computed the command's tile at cycle `done`.
void ComputeEngine::set_clock(const Command& command, PeClock& pe, std::int64_t done) {
  pe.macs_free = done;
  pe.weight.free[command[SIMBA_CMD_WEIGHT_HALF]] = done;
  pe.input.free[command[SIMBA_CMD_INPUT_HALF]] = done;
  pe.sums.there[command[SIMBA_CMD_ACC_HALF]] = done;
}

void ComputeEngine::multiply(const Command& command, const WaveShape& w) {
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
