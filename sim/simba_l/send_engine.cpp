// A tile streams: the global buffer's read port, the NoC and the receivers' write ports work on it together, so it
// takes the longest of the three plus the network's latency. The next tile follows when the read port is free.
#include "sim/simba_l/send_engine.h"

#include <cmath>

#include "machines/simba/pe_tile_limits.h"

namespace heat::simba {

SendEngine::SendEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core,
                       int unit)
    : Engine(name, context, scoreboard, core.id, unit),
      core_(core),
      weight_(unit == SIMBA_SEND_WEIGHT),
      buffer_(weight_ ? context.arch.pe.weight_buffer : context.arch.pe.input_buffer) {}

template <class Visit>
void SendEngine::each_tile(const Command& command, const Visit& visit) const {
  const WaveShape w(command);
  const std::size_t rows = weight_ ? 1 : 2, others = weight_ ? 2 : 1;
  std::vector<Noc::Endpoint> receivers;
  for (std::int64_t b = 0; b < w.active(0); ++b)
    for (std::int64_t r = 0; r < w.active(rows); ++r) {
      Box box;
      box.start = {command[SIMBA_CMD_START] + b * w.tile[0], command[SIMBA_CMD_START + 1] + r * w.tile[rows],
                   command[SIMBA_CMD_START + 2]};
      box.count = {w.part(0, b), w.part(rows, r), w.k()};
      receivers.clear();
      for (std::int64_t o = 0; o < w.active(others); ++o)
        receivers.push_back({weight_ ? w.pe(b, r, o) : w.pe(b, o, r), 0});
      visit(box, receivers);
    }
}

void SendEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const std::int64_t now = context_.now();
  core_.noc.forget_before(now);
  core_.gb.read_port.forget_before(now);
  const GbPlace place = gb_place(context_, command);
  std::int64_t free = now, done = now;
  std::vector<std::int64_t> arrivals;
  each_tile(command, [&](const Box& box, const std::vector<Noc::Endpoint>& receivers) {
    const std::int64_t bytes = box.elements();
    const auto count = static_cast<std::int64_t>(receivers.size());
    context_.check_capacity(name(), command.node(), "half of a PE buffer (bytes)", bytes,
                            machines::simba::half_of(buffer_));
    if (!place.view)
      context_.check_capacity(name(), command.node(), "global buffer (bytes)", core_.gb.end_of(place, box),
                              core_.gb.capacity());
    const std::int64_t read = core_.gb.read_cycles(bytes);
    const std::int64_t start = core_.gb.read_port.reserve(free, read);
    const int links = core_.noc.multicast(start, kGlobalBufferPort, receivers, bytes, arrivals);
    const auto fill = static_cast<std::int64_t>(std::ceil(static_cast<double>(bytes) / buffer_.write_bytes_per_cycle));
    const std::int64_t behind = std::max<std::int64_t>(0, std::max(read, fill) - core_.noc.flits(bytes));
    for (std::int64_t arrival : arrivals) done = std::max(done, arrival + behind);
    free = start + read;
    const int node = command.node();
    context_.meter.add(node, spec::Action::kGlobalBufferRead, core_.gb.accesses(place, box));
    context_.meter.add(node, spec::Action::kNocByteHop, bytes * links);
    context_.activity.add(chiplet_, Flow::kNoc, start, start + read, static_cast<double>(bytes * links));
    context_.meter.add(node, weight_ ? spec::Action::kWeightBufferWrite : spec::Action::kInputBufferWrite,
                       bytes * count);
  });
  complete(entry, done);
  wait_until(free);
}

void SendEngine::finish(const InFlight& entry) {
  if (!context_.options.data) return;
  const Command& command = entry.command;
  const GbPlace place = gb_place(context_, command);
  const std::size_t half = command[weight_ ? SIMBA_CMD_WEIGHT_HALF : SIMBA_CMD_INPUT_HALF];
  std::vector<std::int8_t> bytes;
  each_tile(command, [&](const Box& box, const std::vector<Noc::Endpoint>& receivers) {
    bytes.resize(static_cast<std::size_t>(box.elements()));
    core_.gb.read(place, box, bytes.data());
    for (const Noc::Endpoint& r : receivers) {
      PeBuffers& pe = core_.buffers(r.node);
      (weight_ ? pe.weight : pe.input)[half].assign(bytes.begin(), bytes.end());
    }
  });
}

}  // namespace heat::simba
