// What sending operands from the global buffer to the PEs takes at least, by the waves of a PE tile and spatial split.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/checked.h"
#include "firmware/include/simba_shares.h"
#include "machines/machine.h"
#include "machines/simba/mesh_links.h"

namespace heat::machines::simba {

// An extent in waves of PE tiles: all but the last are whole (kind 0; the last is kind 1).
struct Waves {
  std::int64_t extent, tile, split, count, last;
  Waves(std::int64_t e, std::int64_t t, std::int64_t s)
      : extent(e), tile(t), split(s), count(base::ceil_div(e, t * s)), last(e - (count - 1) * t * s) {}
  std::int64_t wave() const { return tile * split; }
  std::int64_t size(int kind) const { return kind ? last : wave(); }
  std::int64_t times(int kind) const { return kind ? 1 : count - 1; }
  int first_kind() const { return count == 1 ? 1 : 0; }
  // PE tiles of a wave.
  std::int64_t parts(int kind) const { return kind ? base::ceil_div(last, tile) : split; }
  std::int64_t most_parts() const { return parts(first_kind()); }
  // Of a wave's PE tile at position `at`.
  std::int64_t part(int kind, std::int64_t at) const { return simba_piece_size(size(kind), tile, at); }
  // Of all waves' PE tiles at that position together.
  std::int64_t all_parts(std::int64_t at) const { return (count - 1) * tile + part(1, at); }
  // What of a wave, and of all, is in whole PE tiles.
  std::int64_t whole(int kind) const { return size(kind) / tile * tile; }
  std::int64_t whole() const { return extent / tile * tile; }
  // Sum over waves of f(largest PE tile).
  template <class F>
  double sum(F f) const {
    return static_cast<double>(count - 1) * static_cast<double>(f(tile)) + static_cast<double>(f(std::min(tile, last)));
  }
};

struct WaveNest {
  Waves b, m, n, k;
  WaveNest(const spec::Extents& e, const spec::Extents& tile, const spec::SpatialSplit& split)
      : b(e.b, tile.b, split.b), m(e.m, tile.m, split.m), n(e.n, tile.n, split.n), k(e.k, tile.k, split.k) {}
  // Byte-hops of all results of so many bytes each, from the PEs that drain them.
  double drain_byte_hops(const SplitLinks& links, std::int64_t bytes) const;
};

// What sends take.
struct SendBound {
  double bytes = 0, read_cycles = 0, pj = 0;  // multicast once each; of the global buffer's port
  void add(double times, const SendBound& other);
};

// Reading a byte from the global buffer to send it.
struct BufferReads {
  double pj = 0, cycles = 0;
};

// Of a byte that is sent.
struct SendPrices {
  BufferReads weight, input;               // of whole PE tiles
  BufferReads plain;                       // of others, at least
  double weight_write_pj, input_write_pj;  // into one PE's buffer
  double hop_pj;
};

class WaveSends {
 public:
  // `nest` must outlive this. `links` null: every tree has as few links as any to so many PEs.
  WaveSends(const WaveNest& nest, const SplitLinks* links, const SendPrices& prices);

  // Of all mappings. Two successive waves differ in m or in n. A wave of other m needs its weights sent, one of other n
  // its inputs, so every wave (m, n) pays at least the cheaper of its two sends; when k takes several waves it pays both.
  SendBound least() const;
  // Of those with these tiles of the global buffer in this order.
  SendBound with(const BufferTiling& tiling) const;

 private:
  SendBound wave(const SplitLinks* links, const SendPrices& prices, bool weights, int own, int other) const;
  SendBound operand(const BufferTiling& tiling, bool weights) const;

  const WaveNest& nest_;
  double byte_hops(const SplitLinks& links, bool weights, int own, std::int64_t to) const;

  // All b and k for one wave along its own dimension, multicast to the PEs of a wave along the other's: by their kinds.
  SendBound weight_[2][2], input_[2][2];
};

}  // namespace heat::machines::simba
