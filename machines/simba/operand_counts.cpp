// Tiles by kinds; in each, the rounds over its waves that the other dimension forces.
#include "machines/simba/operand_counts.h"

#include <algorithm>
#include <cmath>

#include "base/checked.h"
#include "machines/simba/pe_timing.h"

namespace heat::machines::simba {

using base::ceil_div;
using spec::LoopDim;

namespace {

double d(std::int64_t v) {
  return static_cast<double>(v);
}

}  // namespace

WordCount gb_words(const OperandShape& operand, const ViewRuns::Sizes& block, const spec::ArchSpec& arch) {
  if (operand.resident) return operand.runs.words(block, arch.global_buffer);
  return packed_words(arch.global_buffer, block[0] * block[1] * block[2]);
}

double dma_port_cycles(const spec::GlobalBufferSpec& gb, double bytes, double requests, double bytes_per_cycle) {
  if (requests == 0) return 0;
  const auto each = static_cast<std::int64_t>(std::ceil(bytes / requests));
  return requests * d(port_cycles(gb, packed_words(gb, each), bytes_per_cycle));
}

double served_words(const spec::GlobalBufferSpec& gb, double bytes, double requests) {
  if (requests == 0) return 0;
  return requests * d(packed_words(gb, static_cast<std::int64_t>(std::ceil(bytes / requests))).words);
}

void OperandTraffic::add_to(StepCounts& counts) const {
  counts.gb_reads += gb_reads;
  counts.gb_writes += gb_writes;
  counts.gb_read_cycles += gb_read_cycles;
  counts.gb_write_cycles += gb_write_cycles;
  counts.noc_byte_hops += noc_byte_hops;
  counts.send_flits += send_flits;
  counts.first_send_cycles += first_send_cycles;
}

OperandCounter::OperandCounter(const LoopNest& nest, const OperandShape& operand, LoopDim own)
    : nest_(nest),
      operand_(operand),
      weights_(own == LoopDim::kM),
      buffer_(weights_ ? nest.arch.pe.weight_buffer : nest.arch.pe.input_buffer),
      own_(weights_ ? nest.m : nest.n),
      other_(weights_ ? nest.n : nest.m),
      own_dim_(own),
      other_dim_(weights_ ? LoopDim::kN : LoopDim::kM),
      tile_reused_(other_is_free()),
      moves_outside_(nest.map.wave_order[0] == other_dim_) {}

std::size_t OperandCounter::order() const {
  return (tile_reused_ ? 1 : 0) + (moves_outside_ ? 2 : 0);
}

bool OperandCounter::other_is_free() const {
  if (nest_.k.tiles.pieces() > 1) return false;
  bool inside = false;
  for (LoopDim dim : nest_.map.gb_order) {
    if (dim == other_dim_) {
      inside = true;
    } else if (inside) {
      const TiledDim& moving = dim == own_dim_ ? own_ : nest_.b;
      if (moving.tiles.pieces() > 1) return false;
    }
  }
  return true;
}

OperandTraffic OperandCounter::run() {
  bool first = true;
  for (const Kind& b : nest_.b.tiles)
    for (const Kind& own : own_.tiles)
      for (const Kind& k : nest_.k.tiles) {
        const Tiles tiles{b.size, own.size, k.size, d(b.count) * d(own.count) * d(k.count)};
        if (!operand_.resident) count_loads(tiles, first);
        count_sends(tiles, first);
        first = false;
      }
  return c_;
}

void OperandCounter::count_loads(const Tiles& t, bool first) {
  const double visits = t.count * (tile_reused_ ? 1.0 : d(other_.tiles.pieces()));
  const ViewRuns::Sizes block{t.b, t.own, t.k};
  const std::int64_t bytes = t.b * t.own * t.k;
  const double burst = operand_.runs.burst_bytes(block);
  o_.loads += visits;
  o_.load_bytes += visits * burst;
  const double requests = operand_.runs.requests(block, nest_.arch.request_bytes());
  o_.requests += visits * requests;
  o_.fill_bytes += visits * d(bytes);
  const spec::GlobalBufferSpec& gb = nest_.arch.global_buffer;
  c_.gb_writes += visits * d(packed_words(gb, bytes).words);
  c_.gb_write_cycles += visits * dma_port_cycles(gb, burst, requests, gb.write_bytes_per_cycle);
  if (operand_.travels) {
    c_.gb_reads += operand_.owned * visits * served_words(gb, burst, requests);
    c_.gb_read_cycles += operand_.owned * visits * dma_port_cycles(gb, burst, requests, gb.read_bytes_per_cycle);
  }
  if (first) o_.first_bytes = burst;
}

void OperandCounter::count_sends(const Tiles& t, bool first) {
  const Waves waves{{t.b, nest_.b.wave}, {t.own, own_.wave}, {t.k, nest_.k.wave}};
  const bool every_wave = waves.k.pieces() > 1 || (moves_outside_ && waves.own.pieces() > 1);
  const bool once = waves.single() && tile_reused_;
  bool first_tile = true;
  for (const Kind& other : other_.tiles) {
    const Kinds other_waves(other.size, other_.wave);
    if (every_wave) {
      for (const Kind& w : other_waves)
        count_rounds(waves, ceil_div(w.size, other_.pe), t.count * d(other.count) * d(w.count), first && first_tile);
    } else if (first_tile || !once) {
      count_rounds(waves, ceil_div(other_waves.kind[0].size, other_.pe), t.count * (once ? 1.0 : d(other.count)),
                   first && first_tile);
    }
    first_tile = false;
  }
}

// So many rounds over the waves of one operand tile, each part multicast to `receivers` PEs.
void OperandCounter::count_rounds(const Waves& waves, std::int64_t receivers, double rounds, bool first) {
  for (const Kind& b : waves.b)
    for (const Kind& own : waves.own)
      for (const Kind& k : waves.k) {
        const double events = rounds * d(b.count) * d(own.count) * d(k.count);
        const double bytes = d(b.size) * d(own.size) * d(k.size);
        o_.sends += events;
        o_.buffer_writes += events * bytes * d(receivers);
        o_.send_bytes += events * bytes;
        const Sent sent = send(b, own, k, receivers);
        c_.noc_byte_hops += events * sent.hops;
        c_.send_flits += events * sent.flits;
        c_.gb_reads += events * sent.words;
        c_.gb_read_cycles += events * sent.read_cycles;
        const double fill = d(PeTiming(nest_.arch.pe).fill_cycles(buffer_, sent.largest_part));
        o_.port_cycles += events * fill;
        const double longest = std::max({sent.flits, sent.read_cycles, fill});
        o_.send_cycles += events * longest;
        if (first) c_.first_send_cycles += longest;
        first = false;
      }
}

OperandCounter::Sent OperandCounter::send(const Kind& b_wave, const Kind& own_wave, const Kind& k_wave,
                                          std::int64_t receivers) const {
  Sent sent;
  std::int64_t pb = 0;
  for (std::int64_t b = 0; b < b_wave.size; b += nest_.b.pe, ++pb) {
    const std::int64_t sb = std::min(nest_.b.pe, b_wave.size - b);
    for (const Kind& k : Kinds(k_wave.size, nest_.k.pe)) {
      const std::int64_t first_k = k.size < nest_.k.pe ? k_wave.size / nest_.k.pe : 0;
      std::int64_t po = 0, last = -1;
      WordCount words;
      for (std::int64_t o = 0; o < own_wave.size; o += own_.pe, ++po) {
        const std::int64_t so = std::min(own_.pe, own_wave.size - o), part = sb * so * k.size;
        for (std::int64_t pk = first_k; pk < first_k + k.count; ++pk)
          sent.hops += d(part * (weights_ ? nest_.links.weight_links(pb, po, pk, receivers)
                                          : nest_.links.input_links(pb, po, pk, receivers)));
        if (so != last) {
          last = so;
          words = gb_words(operand_, {sb, so, k.size}, nest_.arch);
        }
        sent.flits += d(k.count * ceil_div(part, nest_.link_bytes));
        sent.words += d(k.count * words.words);
        sent.read_cycles += d(k.count * read_cycles(nest_.arch.global_buffer, words));
        sent.largest_part = std::max(sent.largest_part, part);
      }
    }
  }
  return sent;
}

}  // namespace heat::machines::simba
