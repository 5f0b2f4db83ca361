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
  const std::int64_t now = context_.now();
  const bool first = command[SIMBA_CMD_FIRST] != 0;
  const std::int64_t entries = machines::simba::PeTileLimits(pe).sums;
  std::int64_t macs = 0, weight = 0, input = 0, writes = 0, reads = 0, begin = INT64_MAX, end = 0;
  Wait wait;
  w.each_pe([&](spec::PeId number, const spec::Extents& t) {
    const std::int64_t sums = t.b * t.m * t.n, k_cycles = ceil_div(t.k, pe.width);
    context_.check_capacity(name(), command.node(), "half of an accumulation buffer (entries)", sums, entries);
    macs += sums * t.k;
    weight += t.b * t.m * t.k;
    input += t.b * ceil_div(t.m, pe.lanes) * t.n * t.k;
    writes += sums * k_cycles;
    reads += sums * k_cycles - (first ? sums : 0);
    PeClock& clock = core_.clock(number);
    const Wait ready = start_of(command, clock, now);
    if (ready.until < begin) wait = ready;
    begin = std::min(begin, ready.until);
    const std::int64_t cycles = timing_.compute_cycles(t.b, t.m, t.n, t.k, first);
    const std::int64_t done = ready.until + cycles + pe.compute_overhead_cycles;
    set_clock(command, clock, done);
    clock.macs_used += cycles;
    end = std::max(end, done);
  });
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
  w.each_pe([&](spec::PeId number, const spec::Extents& t) {
    PeBuffers& pe = core_.buffers(number);
    pe.sums[half].resize(static_cast<std::size_t>(t.b * t.m * t.n));
    multiply_accumulate(pe.weight[weight].data(), pe.input[input].data(), pe.sums[half].data(), {t.b, t.m, t.n, t.k},
                        command[SIMBA_CMD_FIRST] != 0);
  });
}

}  // namespace heat::simba
