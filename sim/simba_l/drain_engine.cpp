// Each PE's PPU turns sums into int8 at its own rate, as soon as its own tile is computed, and sends them to the global buffer's port, where the packets of
// the wave meet; the nearest PE's packet goes first, so that the port never waits for a far one. Where k is split over
// PEs, the sums of a tile first come together in one of them (sum_chain.h).
#include "sim/simba_l/drain_engine.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "sim/simba_l/ppu.h"

namespace heat::simba {
namespace {

constexpr auto kRecordBytes = static_cast<std::int64_t>(sizeof(spec::RequantRecord));

spec::RequantRecord record_at(const std::int8_t* bytes) {
  spec::RequantRecord record;
  std::memcpy(&record, bytes, sizeof record);
  return record;
}

// Sums along n, whose channels repeat after n_channels; the first has channel `first` of `records`.
void requantise_row(const std::int32_t* sums, std::int64_t count, const std::int8_t* records, std::int64_t n_channels,
                    std::int64_t first, std::int8_t* out) {
  if (n_channels == 1) {
    const spec::RequantRecord record = record_at(records);
    std::transform(sums, sums + count, out, [&](std::int32_t sum) { return requantise(sum, record); });
    return;
  }
  for (std::int64_t i = 0, channel = first; i < count; ++i, channel = channel + 1 < n_channels ? channel + 1 : 0)
    out[i] = requantise(sums[i], record_at(records + channel * kRecordBytes));
}

}  // namespace

DrainEngine::DrainEngine(sc_core::sc_module_name name, RunContext& context, Scoreboard& scoreboard, ChipletCore& core)
    : Engine(name, context, scoreboard, core.id, SIMBA_DRAIN), core_(core), timing_(context.arch.pe) {}

int DrainEngine::hops_to_port(const Part& part) const {
  return core_.noc.hops(part.chain.first, kGlobalBufferPort.node);
}

std::vector<DrainEngine::Part> DrainEngine::parts(const Command& command) const {
  const WaveShape w(command);
  const std::int64_t element = command[SIMBA_CMD_OUTPUT_BYTES];
  std::vector<Part> list;
  for (std::int64_t b = 0; b < w.active(0); ++b)
    for (std::int64_t m = 0; m < w.active(1); ++m)
      for (std::int64_t n = 0; n < w.active(2); ++n) {
        Part p;
        p.in_wave = {b * w.tile[0], m * w.tile[1], n * w.tile[2]};
        p.box.start = {command[SIMBA_CMD_START] + p.in_wave[0], command[SIMBA_CMD_START + 1] + p.in_wave[1],
                       command[SIMBA_CMD_START + 2] + p.in_wave[2] * element};
        p.box.count = {w.part(0, b), w.part(1, m), w.part(2, n) * element};
        p.chain = {w.pe(b, m, n, 0), w.active(3), command[SIMBA_CMD_ACC_HALF], p.box.elements() / element};
        list.push_back(p);
      }
  std::stable_sort(list.begin(), list.end(),
                   [&](const Part& x, const Part& y) { return hops_to_port(x) < hops_to_port(y); });
  return list;
}

// The wave's records and the activation table are read from the global buffer once. Returns when they are there.
std::int64_t DrainEngine::fetch_parameters(const Command& command, std::int64_t now) {
  const WaveShape w(command);
  std::int64_t bytes = 0;
  if (command[SIMBA_CMD_REQUANT] != 0) {
    const std::int64_t batches = command[SIMBA_CMD_CHANNEL_STRIDE] != 0 ? w.wave[0] : 1;
    const std::int64_t inner = std::min<std::int64_t>(w.wave[2], command[SIMBA_CMD_N_CHANNELS]);
    bytes += batches * w.wave[1] * inner * static_cast<std::int64_t>(sizeof(spec::RequantRecord));
  }
  if (command[SIMBA_CMD_ACTIVATION] != 0) bytes += spec::kActivationTableBytes;
  if (bytes == 0) return now;
  context_.meter.add(command.node(), spec::Action::kGlobalBufferRead, core_.gb.packed_accesses(bytes));
  const std::int64_t cycles = core_.gb.read_cycles(bytes);
  return core_.gb.read_port.reserve(now, cycles) + cycles;
}

void DrainEngine::execute(InFlight& entry) {
  const Command& command = entry.command;
  const std::int64_t now = context_.now();
  core_.noc.forget_before(now);
  core_.gb.write_port.forget_before(now);
  core_.gb.read_port.forget_before(now);
  const GbPlace place = gb_place(context_, command);
  const std::int64_t fetched = fetch_parameters(command, now);
  const std::size_t half = command[SIMBA_CMD_ACC_HALF];
  const std::vector<Part> list = parts(command);
  const auto ready = [&](spec::PeId number, std::int64_t earliest) {
    const PeClock& pe = core_.clock(number);
    return std::max({earliest, pe.sums.there[half], pe.ppu_free});
  };
  std::int64_t begin = INT64_MAX, done = fetched;
  for (const Part& part : list) begin = std::min(begin, ready(part.chain.last(), fetched));
  // Records that come while the sums are still computed cost no time of their own.
  if (begin > fetched) entry.waits.push_back({begin, waits_for_engine(SIMBA_COMPUTE)});
  wait_until(begin);  // ports are reserved when they are needed
  for (const Part& part : list) {
    PeClock& pe = core_.clock(part.chain.first);
    const std::int64_t bytes = part.box.elements();
    if (!place.view)
      context_.check_capacity(name(), command.node(), "global buffer (bytes)", core_.gb.end_of(place, part.box),
                              core_.gb.capacity());
    const PassedSums passed = pass_sums(part.chain, fetched, command.node(), core_, context_);
    const std::int64_t start = ready(part.chain.first, passed.first_there);
    const std::int64_t ppu = std::max(timing_.drain_cycles(part.chain.sums), passed.cycles);
    pe.sums.free[half] = pe.ppu_free = start + ppu;
    pe.ppu_used += ppu;
    const std::int64_t flits = core_.noc.flits(bytes);
    const std::int64_t arrival = core_.noc.transfer(start, {part.chain.first, 0}, kGlobalBufferPort, bytes) +
                                 std::max<std::int64_t>(0, ppu - flits);
    const WordCount words = core_.gb.words(place, part.box);
    const std::int64_t write = core_.gb.write_cycles(words);
    const std::int64_t written = core_.gb.write_port.reserve(std::max(start, arrival - write + 1), write) + write - 1;
    done = std::max({done, arrival, written});
    const int node = command.node();
    context_.meter.add(node, spec::Action::kAccumulatorRead, part.chain.sums);
    context_.meter.add(node, spec::Action::kPpuElement, part.chain.sums);
    context_.meter.add(node, spec::Action::kNocByteHop, bytes * hops_to_port(part));
    context_.activity.add(chiplet_, Flow::kNoc, start, arrival + 1, static_cast<double>(bytes * hops_to_port(part)));
    context_.meter.add(node, spec::Action::kGlobalBufferWrite, words.words);
  }
  if (context_.options.data) requantise_wave(entry, list);
  complete(entry, done);
}

// The results, one part after another: they are in the global buffer when the command completes.
void DrainEngine::requantise_wave(InFlight& entry, const std::vector<Part>& list) {
  entry.bytes = std::make_shared<std::vector<std::int8_t>>();
  for (const Part& part : list) {
    add_up(part.chain, core_);
    requantise_part(entry.command, part, *entry.bytes);
  }
}

void DrainEngine::check_sums(const Command& command, const std::int32_t* sums, std::int64_t count) const {
  const std::int64_t limit = std::int64_t{1} << (context_.arch.pe.accumulator_bits - 1);
  const auto [least, most] = std::minmax_element(sums, sums + count);
  if (count == 0 || (*least >= -limit && *most < limit)) return;
  throw base::ScheduleError(context_.schedule.file + ": node '" + context_.node_name(command.node()) + "': " + name() +
                            ": a sum is " + std::to_string(*most >= limit ? *most : *least) +
                            ", an accumulator holds " + std::to_string(context_.arch.pe.accumulator_bits) + " bits");
}

void DrainEngine::requantise_part(const Command& command, const Part& part, std::vector<std::int8_t>& out) const {
  const std::int32_t* sums = core_.buffers(part.chain.first).sums[command[SIMBA_CMD_ACC_HALF]].data();
  const std::int64_t element = command[SIMBA_CMD_OUTPUT_BYTES], n = part.box.count[2] / element;
  check_sums(command, sums, part.chain.sums);
  const std::size_t at = out.size();
  out.resize(at + static_cast<std::size_t>(part.box.elements()));
  std::int8_t* to = out.data() + at;
  if (element > 1) {  // the sums themselves, little-endian
    for (std::int64_t i = 0; i < part.chain.sums; ++i)
      for (int byte = 0; byte < element; ++byte) *to++ = static_cast<std::int8_t>(sums[i] >> 8 * byte);
    return;
  }
  const std::int64_t n_channels = command[SIMBA_CMD_N_CHANNELS];
  const std::int64_t first = (command[SIMBA_CMD_N_START] + part.in_wave[2]) % n_channels;
  for (std::int64_t b = 0; b < part.box.count[0]; ++b)
    for (std::int64_t m = 0; m < part.box.count[1]; ++m, sums += n, to += n) {
      const std::int64_t channel =
          command[SIMBA_CMD_CHANNEL] + part.in_wave[1] + m + (part.in_wave[0] + b) * command[SIMBA_CMD_CHANNEL_STRIDE];
      if (command[SIMBA_CMD_REQUANT])
        requantise_row(sums, n, core_.gb.at(command[SIMBA_CMD_REQUANT] - 1) + channel * n_channels * kRecordBytes,
                       n_channels, first, to);
      else
        std::transform(sums, sums + n, to, saturate);
    }
  if (!command[SIMBA_CMD_ACTIVATION]) return;
  const std::int8_t* table = core_.gb.at(command[SIMBA_CMD_ACTIVATION] - 1) + 128;
  std::transform(out.begin() + static_cast<std::ptrdiff_t>(at), out.end(),
                 out.begin() + static_cast<std::ptrdiff_t>(at), [&](std::int8_t value) { return table[value]; });
}

void DrainEngine::finish(const InFlight& entry) {
  if (!context_.options.data) return;
  const Command& command = entry.command;
  const GbPlace place = gb_place(context_, command);
  const std::int8_t* results = entry.bytes->data();
  for (const Part& part : parts(command)) {
    core_.gb.write(place, part.box, results);
    results += part.box.elements();
  }
}

}  // namespace heat::simba
