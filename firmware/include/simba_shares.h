// Shares, steps, tiles and places: the arithmetic of a group's loop, in one text for the firmware that runs the loop,
// the simulator that carries it out and the model that counts it. C11 and C++17, freestanding.
//
// All arguments are at least 0, divisors at least 1.
#ifndef FIRMWARE_INCLUDE_SIMBA_SHARES_H_
#define FIRMWARE_INCLUDE_SIMBA_SHARES_H_

#include <stdint.h>

#include "firmware/include/simba_abi.h"

#ifdef __cplusplus
typedef int64_t simba_count;  // planning meets extents that an image refuses
#else
typedef uint32_t simba_count;  // the words of an image, which are below 2^31
#endif

static inline simba_count simba_min(simba_count x, simba_count y) {
  return x < y ? x : y;
}
static inline simba_count simba_ceil_div(simba_count x, simba_count y) {
  return (x + y - 1) / y;
}

// Values of the group's index that chiplet `c` owns: ceil(extent / chiplets) each, the last ones fewer or none.
static inline simba_count simba_share_begin(simba_count extent, simba_count chiplets, simba_count c) {
  return simba_min(extent, simba_ceil_div(extent, chiplets) * c);
}
static inline simba_count simba_share_size(simba_count extent, simba_count chiplets, simba_count c) {
  return simba_share_begin(extent, chiplets, c + 1) - simba_share_begin(extent, chiplets, c);
}

// Pieces of at most `piece` that `size` falls into (steps of a share, tiles of an extent, PE tiles of a wave), and the
// size of the i-th: the last one may be smaller, those behind it are 0.
static inline simba_count simba_pieces(simba_count size, simba_count piece) {
  return simba_ceil_div(size, piece);
}
static inline simba_count simba_piece_size(simba_count size, simba_count piece, simba_count i) {
  return i * piece >= size ? 0 : simba_min(piece, size - i * piece);
}

// Output tile (b, m, n) of a wave that is split m by n ways along m and n: n innermost.
static inline simba_count simba_output_tile(simba_count b, simba_count m, simba_count n, simba_count split_m,
                                            simba_count split_n) {
  return (b * split_m + m) * split_n + n;
}
// The PE that has part k of an output tile's sums, of split_k parts: those of one tile follow one another.
static inline simba_count simba_pe(simba_count output_tile, simba_count k, simba_count split_k) {
  return output_tile * split_k + k;
}

// Tiles behind the present one whose loads may be issued: as many as the load engine's queue holds the loads of, which
// it must not be full of, for work would wait behind them. An operand has uses for one slot more.
static inline simba_count simba_tiles_ahead(simba_count queue_depth) {
  const simba_count tiles = queue_depth / SIMBA_TILE_LOADS;
  return tiles < 1 ? 1 : simba_min(tiles, SIMBA_MAX_SLOTS - 1);
}

#endif  // FIRMWARE_INCLUDE_SIMBA_SHARES_H_
