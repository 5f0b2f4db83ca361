// Orders decide how often a part is sent: a tile of the global buffer is sent again for every tile along the other
// dimension, a wave of it for every wave of the other dimension when that one is the outer loop (operand_counts.cpp
// counts the same exactly). Where pieces differ in number the fewer count.
#include "machines/simba/wave_sends.h"

namespace heat::machines::simba {
namespace {

using base::ceil_div;

double d(std::int64_t v) {
  return static_cast<double>(v);
}

// Waves of the tile that has fewest of them.
std::int64_t fewest_waves(std::int64_t extent, std::int64_t tile, std::int64_t wave) {
  const std::int64_t rest = extent % tile;
  return ceil_div(rest > 0 ? rest : std::min(tile, extent), wave);
}

}  // namespace

void SendBound::add(double times, const SendBound& other) {
  bytes += times * other.bytes;
  read_cycles += times * other.read_cycles;
  pj += times * other.pj;
}

double WaveNest::drain_byte_hops(const SplitLinks& links, std::int64_t bytes) const {
  double hops = 0;
  for (std::int64_t ib = 0; ib < b.most_parts(); ++ib)
    for (std::int64_t im = 0; im < m.most_parts(); ++im)
      for (std::int64_t in = 0; in < n.most_parts(); ++in)
        hops += d(b.all_parts(ib)) * d(m.all_parts(im)) * d(n.all_parts(in)) * links.pe_hops(ib, im, in);
  return hops * d(bytes);
}

WaveSends::WaveSends(const WaveNest& nest, const SplitLinks* links, const SendPrices& prices) : nest_(nest) {
  for (int m = nest.m.first_kind(); m < 2; ++m)
    for (int n = nest.n.first_kind(); n < 2; ++n) {
      weight_[m][n] = wave(links, prices, true, m, n);
      input_[n][m] = wave(links, prices, false, n, m);
    }
}

// Of all b and k of a wave, to so many PEs each.
double WaveSends::byte_hops(const SplitLinks& links, bool weights, int own, std::int64_t to) const {
  const Waves& mine = weights ? nest_.m : nest_.n;
  double hops = 0;
  for (std::int64_t b = 0; b < nest_.b.most_parts(); ++b)
    for (std::int64_t k = 0; k < nest_.k.most_parts(); ++k) {
      const double each = d(nest_.b.all_parts(b)) * d(nest_.k.all_parts(k));
      for (std::int64_t p = 0; p < mine.parts(own); ++p)
        hops +=
            each * d(mine.part(own, p)) * (weights ? links.weight_links(b, p, k, to) : links.input_links(b, p, k, to));
    }
  return hops;
}

SendBound WaveSends::wave(const SplitLinks* links, const SendPrices& prices, bool weights, int own, int other) const {
  const Waves &mine = weights ? nest_.m : nest_.n, &theirs = weights ? nest_.n : nest_.m;
  const std::int64_t to = theirs.parts(other);
  const BufferReads& read = weights ? prices.weight : prices.input;
  const double bytes = d(nest_.b.extent) * d(nest_.k.extent) * d(mine.size(own));
  const double whole = d(nest_.b.whole()) * d(nest_.k.whole()) * d(mine.whole(own)), rest = bytes - whole;
  return {bytes, whole * read.cycles + rest * prices.plain.cycles,
          whole * read.pj + rest * prices.plain.pj +
              bytes * d(to) * (weights ? prices.weight_write_pj : prices.input_write_pj) +
              (links ? byte_hops(*links, weights, own, to) : bytes * d(to - 1)) * prices.hop_pj};
}

SendBound WaveSends::least() const {
  SendBound each, once;
  const int first_m = nest_.m.first_kind(), first_n = nest_.n.first_kind();
  for (int m = first_m; m < 2; ++m)
    for (int n = first_n; n < 2; ++n) {
      const SendBound &w = weight_[m][n], &x = input_[n][m];
      const double times = d(nest_.m.times(m)) * d(nest_.n.times(n));
      if (nest_.k.count > 1) {
        each.add(times, w);
        each.add(times, x);
      } else {
        each.add(times, {std::min(w.bytes, x.bytes), std::min(w.read_cycles, x.read_cycles), std::min(w.pj, x.pj)});
      }
      if (n == first_n) once.add(d(nest_.m.times(m)), w);
      if (m == first_m) once.add(d(nest_.n.times(n)), x);
    }
  return {std::max(each.bytes, once.bytes), std::max(each.read_cycles, once.read_cycles), std::max(each.pj, once.pj)};
}

SendBound WaveSends::with(const BufferTiling& tiling) const {
  SendBound both = operand(tiling, true);
  both.add(1, operand(tiling, false));
  return both;
}

SendBound WaveSends::operand(const BufferTiling& t, bool weights) const {
  const Waves &mine = weights ? nest_.m : nest_.n, &theirs = weights ? nest_.n : nest_.m;
  const auto& by_kind = weights ? weight_ : input_;
  const std::int64_t size = weights ? t.tile.m : t.tile.n, their_size = weights ? t.tile.n : t.tile.m;
  const std::int64_t their_tiles = weights ? t.count.n : t.count.m;
  const bool others_outside = t.m_outside != weights, is_kept = weights ? t.weight_kept : t.input_kept;
  const std::int64_t k_waves = fewest_waves(nest_.k.extent, t.tile.k, nest_.k.wave());
  const std::int64_t b_waves = fewest_waves(nest_.b.extent, t.tile.b, nest_.b.wave());
  const int first = theirs.first_kind();
  // The first wave of their last tile.
  const std::int64_t last_tile = theirs.extent - (their_tiles - 1) * their_size;
  const int last_first = last_tile >= theirs.wave() ? 0 : 1;

  SendBound sum;
  const auto add = [&](std::int64_t extent, std::int64_t tiles) {  // so many tiles of the global buffer
    if (tiles == 0) return;
    const std::int64_t waves = ceil_div(extent, mine.wave());
    const auto add_kind = [&](int kind, std::int64_t times) {
      if (times == 0) return;
      const SendBound* to = by_kind[kind];
      if (k_waves > 1 || (others_outside && waves > 1)) {
        for (int other = first; other < 2; ++other) sum.add(d(times) * d(theirs.times(other)), to[other]);
      } else if (is_kept && b_waves == 1 && waves == 1 && k_waves == 1) {
        sum.add(d(times), to[first]);
      } else {
        sum.add(d(times) * d(their_tiles - 1), to[first]);
        sum.add(d(times), to[std::max(first, last_first)]);
      }
    };
    const bool has_last = extent % mine.wave() != 0;
    add_kind(mine.count == 1 ? 1 : 0, tiles * (waves - (has_last ? 1 : 0)));
    if (has_last) add_kind(1, tiles);
  };
  add(std::min(size, mine.extent), mine.extent / std::min(size, mine.extent));
  add(mine.extent % std::min(size, mine.extent), mine.extent % std::min(size, mine.extent) > 0 ? 1 : 0);
  return sum;
}

}  // namespace heat::machines::simba
