// A tile streams: the global buffer's read port, the NoC and the receivers' write ports work on it together, so it
// takes the longest of the three plus the network's latency. It waits for the halves of all its receivers; the next tile
// follows when the read port is free.
#include "sim/simba_l/send_engine.h"

#include <algorithm>

#include "machines/simba/pe_tile_limits.h"

namespace heat::simba {

SendEngine::SendEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
                       int unit)
    : Engine(name, context, scoreboard, core.id, unit),
      core_(core),
      weight_(unit == SIMBA_SEND_WEIGHT),
      buffer_(weight_ ? context.arch.pe.weight_buffer : context.arch.pe.input_buffer),
      timing_(context.arch.pe) {}

template <class Visit>
void SendEngine::each_tile(const Command& command, const Visit& visit) const {
  const WaveShape w(command);
  const std::size_t rows = weight_ ? 1 : 2, others = weight_ ? 2 : 1;
  std::vector<Noc::Endpoint> receivers;
  for (std::int64_t b = 0; b < w.active(0); ++b)
    for (std::int64_t r = 0; r < w.active(rows); ++r)
      for (std::int64_t k = 0; k < w.active(3); ++k) {
        Box box;
        box.start = {command[SIMBA_CMD_START] + b * w.tile[0], command[SIMBA_CMD_START + 1] + r * w.tile[rows],
                     command[SIMBA_CMD_START + 2] + k * w.tile[3]};
        box.count = {w.part(0, b), w.part(rows, r), w.part(3, k)};
        receivers.clear();
        for (std::int64_t o = 0; o < w.active(others); ++o)
          receivers.push_back({weight_ ? w.pe(b, r, o, k) : w.pe(b, o, r, k), 0});
        visit(box, receivers);
      }
}

void SendEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const std::int64_t now = context_.now();
  core_.noc.forget_before(now);
  core_.gb.read_port.forget_before(now);
  const GbPlace place = gb_place(context_, command);
  const std::size_t half = command[weight_ ? SIMBA_CMD_WEIGHT_HALF : SIMBA_CMD_INPUT_HALF];
  std::int64_t free = now, done = now;
  each_tile(command, [&](const Box& box, const std::vector<Noc::Endpoint>& receivers) {
    const std::int64_t bytes = box.elements();
    context_.check_capacity(name(), command.node(), "half of a PE buffer (bytes)", bytes,
                            machines::simba::half_of(buffer_));
    if (!place.view)
      context_.check_capacity(name(), command.node(), "global buffer (bytes)", core_.gb.end_of(place, box),
                              core_.gb.capacity());
    std::int64_t halves_free = now;
    for (const Noc::Endpoint& r : receivers) halves_free = std::max(halves_free, operand(r.node).free[half]);
    wait_until(halves_free);  // a port is reserved when it is needed, so that others do not wait for what lies ahead
    const WordCount words = core_.gb.words(place, box);
    const std::int64_t read = core_.gb.read_cycles(words);
    const std::int64_t start = core_.gb.read_port.reserve(std::max(free, halves_free), read);
    if (free == now && done == now) {
      entry.waits.push_back({halves_free, waits_for_engine(SIMBA_COMPUTE)});
      entry.waits.push_back({start, StallReason::kPort});
    }
    free = start + read;
    done = std::max(done, deliver(start, read, half, bytes, receivers, command.node()));
    context_.meter.add(command.node(), spec::Action::kGlobalBufferRead, words.words);
    if (context_.options.data) copy(place, box, half, receivers);
  });
  complete(entry, done);
  wait_until(free);
}

// A tile whose read begins at `start` and takes `read` cycles; returns when the last PE has all of it. A PE's write port
// takes it in as it comes, or later when it is slower or still busy with the tile before.
std::int64_t SendEngine::deliver(std::int64_t start, std::int64_t read, std::size_t half, std::int64_t bytes,
                                 const std::vector<Noc::Endpoint>& receivers, int node) {
  const int links = core_.noc.multicast(start, kGlobalBufferPort, receivers, bytes, arrivals_);
  const std::int64_t flits = core_.noc.flits(bytes), behind = std::max<std::int64_t>(0, read - flits);
  const std::int64_t fill = timing_.fill_cycles(buffer_, bytes);
  std::int64_t last = start;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    PeClock::Operand& pe = operand(receivers[i].node);
    const std::int64_t first = arrivals_[i] - flits + 1, whole = arrivals_[i] + behind;
    const std::int64_t write = std::max({first, whole - fill + 1, pe.port_free});
    pe.port_free = write + fill;
    pe.there[half] = std::max(whole, write + fill - 1);
    last = std::max(last, pe.there[half]);
  }
  const auto count = static_cast<std::int64_t>(receivers.size());
  context_.meter.add(node, spec::Action::kNocByteHop, bytes * links);
  context_.activity.add(chiplet_, Flow::kNoc, start, start + read, static_cast<double>(bytes * links));
  context_.meter.add(node, weight_ ? spec::Action::kWeightBufferWrite : spec::Action::kInputBufferWrite, bytes * count);
  return last;
}

// Commands that touch PEs start in the order of their hazards, though their times may lie ahead: data move at the start.
void SendEngine::copy(const GbPlace& place, const Box& box, std::size_t half,
                      const std::vector<Noc::Endpoint>& receivers) {
  std::vector<std::int8_t> bytes(static_cast<std::size_t>(box.elements()));
  core_.gb.read(place, box, bytes.data());
  for (const Noc::Endpoint& r : receivers) {
    PeBuffers& pe = core_.buffers(r.node);
    (weight_ ? pe.weight : pe.input)[half].assign(bytes.begin(), bytes.end());
  }
}

}  // namespace heat::simba
