// Mechanism: propose tiles (full extents, or random ones), halve dimensions until every capacity holds, then spread the
// PE tiles over PEs; when k is left split at the GB, cut the GB tile down to one wave (partial sums rule,
// spec/mapping.h).
#include "tests/support/mapping_chooser.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace heat::test_support {
namespace {

using spec::Extents;
using spec::LoopDim;

constexpr std::array<LoopDim, 4> kDims{LoopDim::kB, LoopDim::kM, LoopDim::kN, LoopDim::kK};
constexpr std::int64_t kMostWaves = 3000;  // keeps random tests short

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
  return (a + b - 1) / b;
}

std::int64_t weight_bytes(const Extents& e) {
  return e.b * e.m * e.k;
}
std::int64_t input_bytes(const Extents& e) {
  return e.b * e.n * e.k;
}
std::int64_t output_elements(const Extents& e) {
  return e.b * e.m * e.n;
}

// Halves the largest of `dims` (k only when all others are 1 already, unless `k_first`).
void halve_largest(Extents& e, std::array<LoopDim, 3> dims, bool k_first) {
  LoopDim best = dims[0];
  std::int64_t best_size = 0;
  for (LoopDim d : dims) {
    if (e[d] <= 1) continue;
    const std::int64_t size = d == LoopDim::kK && !k_first ? 1 : e[d];
    if (size > best_size) {
      best = d;
      best_size = size;
    }
  }
  e[best] = divide_up(e[best], 2);
}

void shrink_to(Extents& e, std::int64_t weight, std::int64_t input, std::int64_t output, bool k_first) {
  while (weight_bytes(e) > weight) halve_largest(e, {LoopDim::kB, LoopDim::kM, LoopDim::kK}, k_first);
  while (input_bytes(e) > input) halve_largest(e, {LoopDim::kB, LoopDim::kN, LoopDim::kK}, k_first);
  while (output_elements(e) > output) halve_largest(e, {LoopDim::kB, LoopDim::kM, LoopDim::kN}, k_first);
}

Extents random_tile(const Extents& limit, int percent_whole, Random& random) {
  Extents tile;
  for (LoopDim d : kDims) tile[d] = random.chance(percent_whole) ? limit[d] : random.between(1, limit[d]);
  return tile;
}

std::int64_t& along_of(spec::SpatialSplit& s, LoopDim d) {
  return d == LoopDim::kB ? s.b : d == LoopDim::kM ? s.m : d == LoopDim::kN ? s.n : s.k;
}

// PE tiles, and PEs along b, m, n, with `over_k` along k too, for a GB tile.
void spread_over_pes(spec::GemmMapping& mapping, const spec::ArchSpec& arch, Random* random, bool over_k) {
  const std::int64_t weight = arch.pe.weight_buffer.capacity.value() / 2;
  const std::int64_t input = arch.pe.input_buffer.capacity.value() / 2;
  const std::int64_t entries = arch.pe.accumulation_buffer.capacity.value() / 2 / 4;
  const Extents& gb = mapping.gb_tile;
  if (random != nullptr) {
    mapping.pe_tile = random_tile(gb, 40, *random);
  } else {
    const std::int64_t pes = arch.pes();
    mapping.pe_tile = gb;
    mapping.pe_tile.b = 1;
    mapping.pe_tile.m = std::min(gb.m, std::max<std::int64_t>(arch.pe.lanes, divide_up(gb.m, pes)));
    mapping.pe_tile.n = divide_up(gb.n, std::max<std::int64_t>(1, pes / divide_up(gb.m, mapping.pe_tile.m)));
  }
  shrink_to(mapping.pe_tile, weight, input, entries, true);
  std::int64_t free = arch.pes();
  std::vector<LoopDim> order{LoopDim::kM, LoopDim::kN, LoopDim::kB};
  if (over_k) order.push_back(LoopDim::kK);
  if (random != nullptr)
    std::swap(order[0],
              order[static_cast<std::size_t>(random->between(0, static_cast<std::int64_t>(order.size()) - 1))]);
  for (LoopDim d : order) {
    std::int64_t along = std::min(free, divide_up(gb[d], mapping.pe_tile[d]));
    if (random != nullptr && random->chance(40)) along = random->between(1, along);
    along_of(mapping.spatial, d) = along;
    free /= along;
  }
}

std::int64_t waves(spec::GemmMapping mapping, const Extents& step) {
  std::int64_t gb_tiles = 1, per_tile = 1;
  for (LoopDim d : kDims) {
    gb_tiles *= divide_up(step[d], mapping.gb_tile[d]);
    per_tile *= divide_up(mapping.gb_tile[d], mapping.pe_tile[d] * along_of(mapping.spatial, d));
  }
  return gb_tiles * per_tile;
}

spec::GemmMapping propose(const Extents& step, const spec::ArchSpec& arch, const TileBudget& budget, Random* random,
                          int percent_whole, bool over_k) {
  spec::GemmMapping mapping;
  mapping.gb_tile = random != nullptr ? random_tile(step, percent_whole, *random) : step;
  shrink_to(mapping.gb_tile, budget.weight, budget.input, budget.output, false);
  spread_over_pes(mapping, arch, random, over_k);
  if (mapping.gb_tile.k < step.k) {
    mapping.gb_tile.b = std::min(mapping.gb_tile.b, mapping.pe_tile.b * mapping.spatial.b);
    mapping.gb_tile.m = std::min(mapping.gb_tile.m, mapping.pe_tile.m * mapping.spatial.m);
    mapping.gb_tile.n = std::min(mapping.gb_tile.n, mapping.pe_tile.n * mapping.spatial.n);
  }
  if (random != nullptr) {
    for (std::size_t i = 2; i > 0; --i) {
      const auto other = static_cast<std::size_t>(random->between(0, static_cast<std::int64_t>(i)));
      std::swap(mapping.gb_order[i], mapping.gb_order[other]);
    }
    if (random->chance(50)) std::swap(mapping.wave_order[0], mapping.wave_order[1]);
  }
  return mapping;
}

}  // namespace

spec::GemmMapping choose_mapping(const Extents& step, const spec::ArchSpec& arch, const TileBudget& budget,
                                 Random* random, bool over_k) {
  if (random != nullptr) {
    for (int percent_whole = 30; percent_whole < 100; percent_whole += 5) {
      const spec::GemmMapping mapping = propose(step, arch, budget, random, percent_whole, over_k);
      if (waves(mapping, step) <= kMostWaves) return mapping;
    }
  }
  return propose(step, arch, budget, nullptr, 0, false);
}

}  // namespace heat::test_support
