// From the loop nest up: how often operands are loaded and sent, what that keeps busy, what it costs.
#include "offline/certificate/chip_bound.h"

#include <algorithm>

namespace heat::offline::certificate {

using spec::Action;

namespace {

double d(std::int64_t value) {
  return static_cast<double>(value);
}

// Whether a loop over tiles of `moving` may leave an operand with dimensions b and `own` as it is, in one of the orders.
bool may_stay(const Range& orders, const TiledRange& k, const TiledRange& own, const TiledRange& b,
              spec::LoopDim moving, spec::LoopDim own_dim) {
  if (k.tiles() > 1) return false;
  for (std::int64_t o = orders.low; o <= orders.high; ++o) {
    bool inside = false, stays = true;
    for (spec::LoopDim dim : kGbOrders[static_cast<std::size_t>(o)]) {
      if (inside && (dim == own_dim ? own : b).tiles() > 1) stays = false;
      inside = inside || dim == moving;
    }
    if (stays) return true;
  }
  return false;
}

}  // namespace

RangeNest::RangeNest(const spec::Extents& e, const Box& box)
    : b(e.b, box.range[kSpatial], box.range[kPeTile], box.range[kGbTile]),
      m(e.m, box.range[kSpatial + 1], box.range[kPeTile + 1], box.range[kGbTile + 1]),
      n(e.n, box.range[kSpatial + 2], box.range[kPeTile + 2], box.range[kGbTile + 2]),
      k(e.k, box.range[kSpatial + 3], box.range[kPeTile + 3], box.range[kGbTile + 3]) {}

// `stays`: its tile may stay while tiles of the other dimension pass; `outside`: waves along the other dimension are the
// outer loop. Every round goes to the PEs with work along the other dimension in that wave, at least to one.
ChipBound::Sends ChipBound::sends(const TiledRange& own, const TiledRange& other, const TiledRange& b,
                                  const TiledRange& k, bool stays, bool outside) {
  const Sends every_wave{other.waves(), other.pieces()};
  if (k.waves() > 1) return every_wave;
  const bool may_be_single = !own.many_waves() && !b.many_waves();
  const double rounds = stays && may_be_single ? 1 : other.tiles();
  const double receivers = rounds > 1 ? std::min((rounds - 1) * other.used() + 1, other.pieces()) : other.used();
  const double share = outside ? own.share_of_many_waves() : 0;
  return {share * every_wave.rounds + (1 - share) * rounds, share * every_wave.receivers + (1 - share) * receivers};
}

// Of computing, draining and sending.
double ChipBound::commands(const Sends& weight, const Sends& input) const {
  const RangeNest& t = t_;
  return t.b.waves() * (t.m.waves() * t.n.waves() * (t.k.waves() + 1) + weight.rounds * t.m.waves() * t.k.waves() +
                        input.rounds * t.n.waves() * t.k.waves());
}

// Cycles of what is busy longest.
double ChipBound::busy(const Sends& weight, const Sends& input) const {
  const RangeNest& t = t_;
  const spec::ArchSpec& arch = facts_.machine.arch;
  const machines::Calibration& cal = facts_.machine.calibration;
  const spec::PeSpec& pe = arch.pe;
  const double pes = std::min(d(facts_.pes.pes), t.b.parts() * t.m.parts() * t.n.parts() * t.k.parts());
  const double waves = std::max(t.b.waves() * t.m.waves() * t.n.waves() * t.k.waves(),
                                t.b.pieces() * t.m.pieces() * t.n.pieces() * t.k.pieces() / pes);
  const double b = t.b.busiest(1), m = t.m.busiest(1), n = t.n.busiest(1), k = t.k.busiest(1);
  const double lanes = t.m.busiest(pe.lanes), vectors = t.k.busiest(pe.width), sum_bytes = pe.accumulator_bits / 8.0;
  const double compute = std::max({b * lanes * n * vectors,
                                   t.b.extent() * t.m.blocks(pe.lanes) * t.n.extent() * t.k.blocks(pe.width) / pes,
                                   b * m * k * t.n.waves() / pe.weight_buffer.read_bytes_per_cycle,
                                   b * lanes * n * k / pe.input_buffer.read_bytes_per_cycle,
                                   b * m * n * vectors * sum_bytes / pe.accumulation_buffer.write_bytes_per_cycle}) +
                         waves * pe.compute_overhead_cycles;
  const double ppu =
      b * m * n * std::max(1.0 / pe.ppu_elements_per_cycle, sum_bytes / pe.accumulation_buffer.read_bytes_per_cycle);
  const double output = t.output(), sent = weight.rounds * t.weight() + input.rounds * t.input();
  const double loaded = (weight_.pinned ? 0 : t.weight()) + (input_.pinned ? 0 : t.input());
  return std::max({compute * cal.compute_factor + waves * cal.wave_overhead_cycles, ppu,
                   sent / arch.noc.link_bytes_per_cycle * cal.send_factor,
                   (sent + output) / arch.global_buffer.read_bytes_per_cycle,
                   (loaded + output) / arch.global_buffer.write_bytes_per_cycle, output / arch.noc.link_bytes_per_cycle,
                   commands(weight, input) * (arch.controller.command_cycles + cal.command_overhead_cycles)});
}

// Links to the farthest PE in use.
int ChipBound::farthest() const {
  const RangeNest& t = t_;
  const std::array<std::int64_t, 4> used{static_cast<std::int64_t>(t.b.used()), static_cast<std::int64_t>(t.m.used()),
                                         static_cast<std::int64_t>(t.n.used()), static_cast<std::int64_t>(t.k.used())};
  if (!t.b.split().single() || !t.m.split().single() || !t.n.split().single() || !t.k.split().single())
    return facts_.farthest[static_cast<std::size_t>(used[0] * used[1] * used[2] * used[3])];
  // PEs are numbered k first, then n, m, b.
  int most = 0;
  for (std::int64_t b = 0; b < used[0]; ++b)
    for (std::int64_t m = 0; m < used[1]; ++m)
      for (std::int64_t n = 0; n < used[2]; ++n)
        for (std::int64_t k = 0; k < used[3]; ++k) {
          const std::int64_t pe = ((b * t.m.split().low + m) * t.n.split().low + n) * t.k.split().low + k;
          most = std::max(most, facts_.distance[static_cast<std::size_t>(pe)]);
        }
  return most;
}

// Cycles before the first wave computes and after the last one drains.
double ChipBound::fill() const {
  const RangeNest& t = t_;
  const spec::MeshSpec& noc = facts_.machine.arch.noc;
  const double first = t.b.first_wave() * t.k.first_wave() * (t.m.first_wave() + t.n.first_wave());
  const double ways = t.k.used() - 1;
  return first / noc.link_bytes_per_cycle + 2.0 * (noc.base_cycles + farthest() * noc.hop_cycles) +
         ways * (noc.base_cycles + noc.hop_cycles) + facts_.machine.calibration.node_overhead_cycles;
}

double ChipBound::energy(const Work& work, const Sends& weight, const Sends& input) const {
  const RangeNest& t = t_;
  const spec::ArchSpec& arch = facts_.machine.arch;
  const double sums = t.output(), passed = sums * (t.k.used() - 1), word = arch.global_buffer.word_bytes;
  const double sum_pj = facts_.pj(Action::kAccumulatorRead) + facts_.pj(Action::kAccumulatorWrite);
  const double transfers = t.b.tiles() * t.m.tiles() * t.n.tiles() + work.weight_loads + work.input_loads;
  return sums * t.k.extent() * facts_.pj(Action::kMac) + sums * facts_.pj(Action::kPpuElement) +
         t.weight() * t.n.pieces() * facts_.pj(Action::kWeightBufferRead) +
         t.input() * t.m.blocks(arch.pe.lanes) * facts_.pj(Action::kInputBufferRead) +
         (sums * t.k.blocks(arch.pe.width) + passed) * sum_pj +
         t.weight() * weight.receivers * facts_.pj(Action::kWeightBufferWrite) +
         t.input() * input.receivers * facts_.pj(Action::kInputBufferWrite) +
         (passed * arch.pe.accumulator_bits / 8 + t.weight() * (weight.receivers - weight.rounds) +
          t.input() * (input.receivers - input.rounds)) *
             facts_.pj(Action::kNocByteHop) +
         (t.weight() * weight.rounds + t.input() * input.rounds + sums) / word * facts_.pj(Action::kGlobalBufferRead) +
         (work.weight + work.input + sums) / word * facts_.pj(Action::kGlobalBufferWrite) +
         (commands(weight, input) + transfers) * facts_.pj(Action::kControllerCommand);
}

ChipBound::Work ChipBound::of(const Range& gb_orders, bool m_outside) const {
  const RangeNest& t = t_;
  const bool weight_stays = may_stay(gb_orders, t.k, t.m, t.b, kN, kM),
             input_stays = may_stay(gb_orders, t.k, t.n, t.b, kM, kN);
  const Sends weight = sends(t.m, t.n, t.b, t.k, weight_stays, !m_outside),
              input = sends(t.n, t.m, t.b, t.k, input_stays, m_outside);
  const double weight_visits = weight_.pinned ? 0
                               : weight_stays ? 1
                                              : t.n.tiles(),
               input_visits = input_.pinned ? 0
                              : input_stays ? 1
                                            : t.m.tiles(),
               bk_tiles = t.b.tiles() * t.k.tiles();
  Work work;
  work.execution = busy(weight, input) + fill();
  work.weight = weight_visits * t.weight();
  work.input = input_visits * t.input();
  work.store = t.output();
  work.weight_loads = weight_visits * bk_tiles * t.m.tiles();
  work.input_loads = input_visits * bk_tiles * t.n.tiles();
  work.pj = energy(work, weight, input);
  return work;
}

ChipBound::Work ChipBound::of(const Range& gb_orders, const Range& wave_orders) const {
  Work work = of(gb_orders, wave_orders.low == 0);
  if (wave_orders.single()) return work;
  const Work other = of(gb_orders, false);
  work.pj = std::min(work.pj, other.pj);
  work.execution = std::min(work.execution, other.execution);
  return work;
}

}  // namespace heat::offline::certificate
