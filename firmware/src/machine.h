// The interpreter's state, shared by its parts.
#ifndef FIRMWARE_SRC_MACHINE_H_
#define FIRMWARE_SRC_MACHINE_H_

#include <stdint.h>

#include "firmware/include/simba_shares.h"
#include "firmware/src/commands.h"

// Where the group loop stands: node `position` of step `step`, and within a GEMM node the tile. One cursor walks ahead
// and issues loads; a copy of it, taken when they were issued, is executed afterwards.
struct cursor {
  uint32_t step, position;
  uint32_t begin, size;  // values of the group's index: first and count on this chiplet in this step
  const uint32_t* node;
  uint32_t extents[4];  // of the node in this step on this chiplet
  uint32_t tiles[4];    // number of tiles
  uint32_t at[4];       // current tile
  uint32_t weight_slot, input_slot, parameter_slot;
  uint32_t loads_done;  // 0: the loads of this tile are still to be issued
  uint32_t valid;
};

struct machine {
  const uint32_t* image;
  uint32_t chiplet, chiplets;
  const uint32_t* group;
  uint32_t share_begin;  // first value of the group's index on this chiplet
  struct composer composer;
  struct object weight_slots[2], input_slots[2], output_slots[2], parameter_slots[2];
  struct object weight_halves[2], input_halves[2], accumulators[2];
  struct object objects[SIMBA_MAX_OBJECTS];
  uint32_t weight_slot, input_slot, output_slot, parameter_slot;  // used last
  uint32_t weight_half, input_half, accumulator;                  // used last
  uint32_t sent;                           // bit 0: weights, bit 1: inputs were sent in the present node run
  uint32_t sent_weight[3], sent_input[3];  // first element of what the PEs were sent last
  uint32_t parameter_content[2];           // node position whose parameters a slot holds, or SIMBA_NONE
};

// Values in step `step` of chiplet `c`'s share.
uint32_t step_size_of(const struct machine* m, uint32_t c, uint32_t step);
// Chiplets (always the first ones) that take step `step`, and whose bound extent reaches beyond `element`.
uint32_t participants(const struct machine* m, const struct cursor* at, uint32_t element);

// Places the cursor on the first tile of its step's first node; `valid` becomes 0 when the step has no values here.
void cursor_enter_step(const struct machine* m, struct cursor* at);
// Moves to the next tile, node or step.
void cursor_advance(const struct machine* m, struct cursor* at);

// First and actual size of the cursor's tile along `dim`.
uint32_t tile_start(const struct cursor* at, uint32_t dim);
uint32_t tile_size(const struct cursor* at, uint32_t dim);

// Issues the loads that the cursor's tile needs (`previous`: the tile before, for reuse).
void issue_loads(struct machine* m, struct cursor* at, const struct cursor* previous);
// True when the tile reads DRAM that this group writes, or tensors loaded afresh each step: its loads must not run
// ahead.
uint32_t must_defer(const struct machine* m, const struct cursor* at);
// Issues everything else of the tile.
void issue_gemm_tile(struct machine* m, const struct cursor* at);
void issue_rows(struct machine* m, const struct cursor* at);
// Loads of pinned tensors: whole ones (before the first step) or this step's shares.
void issue_pinned(struct machine* m, const struct cursor* at, uint32_t whole);

// Record of an operand in the image.
static inline const uint32_t* operand_at(const struct machine* m, uint32_t offset) {
  return m->image + offset;
}

#endif  // FIRMWARE_SRC_MACHINE_H_
