// How one GEMM node runs on the machine: tiles, loop orders and spatial split.
//
// out[b, m, n] = sum_k weight[b, m, k] * input[b, n, k]; b, m, n, k are flattened index groups.
// A fused group runs its nodes one after another for each step of the group loop; the group loop binds one of b, m, n
// of every node (FusedGroup). Within a step a node executes, on each chiplet:
//
//   for (b, m, n) tiles of gb_tile in gb_order:           // a tile's operands are in the global buffer
//     for k tiles of gb_tile.k:                           // k is always innermost
//       load weight tile / input tile from DRAM unless there already (unchanged since the last tile, GB-resident)
//       for b waves, for (m, n) waves in wave_order, for k waves:
//         send each PE its pe_tile of weights and inputs unless unchanged
//         compute
//         after the last k: add up along k, drain through the PPU
//     store the output tile to DRAM unless its home is the global buffer
//
// A wave is pe_tile on spatial.b * spatial.m * spatial.n * spatial.k PEs, k innermost in their numbers. Rule for partial
// sums: until the last k they stay in the accumulation buffers, so when k needs several GB tiles (gb_tile.k < k), a GB
// tile must be a single wave in b, m and n. Then those of one output tile go from PE to PE along k, each adding its own,
// to the PPU of the first.
#pragma once

#include <array>
#include <cstdint>

namespace heat::spec {

enum class LoopDim : std::uint8_t { kB = 0, kM = 1, kN = 2, kK = 3 };

const char* loop_dim_name(LoopDim dim);  // "b", "m", "n", "k"

// Extents along b, m, n, k.
struct Extents {
  std::int64_t b = 1, m = 1, n = 1, k = 1;
  std::int64_t& operator[](LoopDim d) { return d == LoopDim::kB ? b : d == LoopDim::kM ? m : d == LoopDim::kN ? n : k; }
  std::int64_t operator[](LoopDim d) const {
    return d == LoopDim::kB ? b : d == LoopDim::kM ? m : d == LoopDim::kN ? n : k;
  }
  std::int64_t product() const { return b * m * n * k; }
  friend bool operator==(const Extents& x, const Extents& y) {
    return x.b == y.b && x.m == y.m && x.n == y.n && x.k == y.k;
  }
  friend bool operator!=(const Extents& x, const Extents& y) { return !(x == y); }
};

// PEs along b, m, n and k; their product is at most the chiplet's PEs.
struct SpatialSplit {
  std::int64_t b = 1, m = 1, n = 1, k = 1;
  std::int64_t product() const { return b * m * n * k; }
  friend bool operator==(const SpatialSplit& x, const SpatialSplit& y) {
    return x.b == y.b && x.m == y.m && x.n == y.n && x.k == y.k;
  }
};

struct GemmMapping {
  Extents gb_tile;                                                         // at most the node's extents in a step
  std::array<LoopDim, 3> gb_order{LoopDim::kB, LoopDim::kM, LoopDim::kN};  // outermost first
  Extents pe_tile;                                                         // what one PE holds
  SpatialSplit spatial;
  std::array<LoopDim, 2> wave_order{LoopDim::kM, LoopDim::kN};  // outermost first
  friend bool operator==(const GemmMapping& x, const GemmMapping& y) {
    return x.gb_tile == y.gb_tile && x.gb_order == y.gb_order && x.pe_tile == y.pe_tile && x.spatial == y.spatial &&
           x.wave_order == y.wave_order;
  }
};

}  // namespace heat::spec
