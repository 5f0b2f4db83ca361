// The loop nest of a GEMM in closed form. Along one dimension, tiles come in at most two sizes (whole ones and a last
// rest) at each level; sums over the nest are products of sums over those kinds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "machines/simba/mesh_links.h"
#include "spec/arch_spec.h"
#include "spec/mapping.h"

namespace heat::machines::simba {

// `count` pieces of `size`.
struct Kind {
  std::int64_t size = 0, count = 0;
};

// An extent cut into pieces: whole ones first, then at most one rest.
struct Kinds {
  Kind kind[2];
  int n = 0;
  Kinds(std::int64_t extent, std::int64_t piece) {
    if (extent / piece) kind[n++] = {piece, extent / piece};
    if (extent % piece) kind[n++] = {extent % piece, 1};
  }
  std::int64_t pieces() const { return n == 2 ? kind[0].count + kind[1].count : kind[0].count; }
  const Kind* begin() const { return kind; }
  const Kind* end() const { return kind + n; }
};

// A dimension under the mapping: GB tiles, waves inside them, PE tiles inside those.
struct TiledDim {
  std::int64_t extent, gb, pe, split, wave;
  Kinds tiles;
  // Waves of all tiles, by size.
  Kind waves[3];
  int wave_kinds = 0;
  std::int64_t wave_count = 0;
  TiledDim(std::int64_t e, std::int64_t g, std::int64_t p, std::int64_t s)
      : extent(e), gb(std::min(g, e)), pe(p), split(s), wave(p * s), tiles(e, gb) {
    for (const Kind& t : tiles)
      for (const Kind& w : Kinds(t.size, wave)) add_wave({w.size, w.count * t.count});
  }
  void add_wave(Kind w) {
    wave_count += w.count;
    for (int i = 0; i < wave_kinds; ++i)
      if (waves[i].size == w.size) {
        waves[i].count += w.count;
        return;
      }
    waves[wave_kinds++] = w;
  }
  std::int64_t largest_pe_tile(std::int64_t wave_size) const { return std::min(pe, wave_size); }
  // PEs with work along it in the first wave, which has most.
  std::int64_t used() const { return Kinds(waves[0].size, pe).pieces(); }
  // Sum over waves of `f(largest PE tile)`.
  template <class F>
  double wave_sum(F f) const {
    double sum = 0;
    for (int i = 0; i < wave_kinds; ++i)
      sum += static_cast<double>(waves[i].count) * static_cast<double>(f(largest_pe_tile(waves[i].size)));
    return sum;
  }
  // Sum over all PE tiles of `f(size)`.
  template <class F>
  double pe_tile_sum(F f) const {
    double sum = 0;
    for (int i = 0; i < wave_kinds; ++i)
      for (const Kind& t : Kinds(waves[i].size, pe))
        sum += static_cast<double>(waves[i].count * t.count) * static_cast<double>(f(t.size));
    return sum;
  }
};

// A GEMM's four dimensions under its mapping, on the machine. References must outlive it.
struct LoopNest {
  const spec::GemmMapping& map;
  const spec::ArchSpec& arch;
  const SplitLinks& links;
  std::int64_t link_bytes;  // a cycle, of the NoC
  TiledDim b, m, n, k;
  LoopNest(const spec::Extents& e, const spec::GemmMapping& mapping, const spec::ArchSpec& a, LinkTables& tables)
      : map(mapping),
        arch(a),
        links(tables.of(mapping.spatial)),
        link_bytes(static_cast<std::int64_t>(a.noc.link_bytes_per_cycle)),
        b(e.b, mapping.gb_tile.b, mapping.pe_tile.b, mapping.spatial.b),
        m(e.m, mapping.gb_tile.m, mapping.pe_tile.m, mapping.spatial.m),
        n(e.n, mapping.gb_tile.n, mapping.pe_tile.n, mapping.spatial.n),
        k(e.k, mapping.gb_tile.k, mapping.pe_tile.k, mapping.spatial.k) {}
};

}  // namespace heat::machines::simba
