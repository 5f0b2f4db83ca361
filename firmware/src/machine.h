// The interpreter's state, shared by its parts.
#ifndef FIRMWARE_SRC_MACHINE_H_
#define FIRMWARE_SRC_MACHINE_H_

#include <stdint.h>

#include "firmware/include/simba_shares.h"
#include "firmware/src/commands.h"

// Places of the global buffer that a group uses: slots for each kind of streamed tile, then its tracked tensors.
enum {
  PLACE_WEIGHT = 0,
  PLACE_INPUT = PLACE_WEIGHT + SIMBA_MAX_SLOTS,
  PLACE_OUTPUT = PLACE_INPUT + SIMBA_MAX_SLOTS,
  PLACE_PARAMETERS = PLACE_OUTPUT + SIMBA_MAX_SLOTS,
  PLACE_OBJECTS = PLACE_PARAMETERS + SIMBA_MAX_SLOTS,
  PLACES = PLACE_OBJECTS + SIMBA_MAX_OBJECTS
};

// A group under way. Loads of the next group run ahead of the work of the present one, so two are.
struct group_run {
  uint32_t number;
  const uint32_t* words;
  uint32_t share_begin;  // first value of the group's index on this chiplet
  struct object places[PLACES];
  uint32_t place_count;
  uint32_t weight_slot, input_slot, output_slot, parameter_slot;  // used last
  uint32_t parameter_content[SIMBA_MAX_SLOTS];  // node (and step) whose parameters a slot holds, or SIMBA_NONE
};

// Loads that a tile needs, in the order in which every chiplet issues them.
enum { LOAD_PINNED_WHOLE = 0, LOAD_PINNED_SHARES, LOAD_PARAMETERS, LOAD_WEIGHT, LOAD_INPUT, LOADS };

// Where the loop stands: node `position` of step `step` of a group, and within a GEMM node the tile.
struct cursor {
  struct group_run* in;
  uint32_t step, position;
  uint32_t begin, size;  // values of the group's index: first and count on this chiplet in this step
  const uint32_t* node;
  uint32_t extents[4];  // of the node in this step on this chiplet
  uint32_t tiles[4];    // number of tiles
  uint32_t at[4];       // current tile
  uint32_t weight_slot, input_slot, parameter_slot;
  uint32_t loads_done;   // the first so many of the tile's loads are issued
  uint32_t load_number;  // LOAD commands issued when they all were
  uint32_t valid;
};

// Tiles under way, in their order: the first is to be executed next, loads of the others run ahead of it.
#define MAX_UNDER_WAY SIMBA_MAX_SLOTS
struct under_way {
  struct cursor tiles[MAX_UNDER_WAY];
  uint32_t count;
  struct cursor before;  // the tile executed last
};

struct machine {
  const uint32_t* image;
  uint32_t chiplet;
  uint32_t tiles_ahead;  // behind the present one, whose loads may be issued
  struct composer composer;
  struct group_run groups[2];
  struct object past[PLACES];  // of the group that the newest replaced
  struct waits older;          // commands of all groups before these two
  struct object weight_halves[2], input_halves[2], accumulators[2];
  uint32_t weight_half, input_half, accumulator;  // used last
  uint32_t sent;                                  // bit 0: weights, bit 1: inputs were sent in the present node run
  uint32_t sent_weight[3], sent_input[3];         // first element of what the PEs were sent last
  uint32_t next_signal;  // groups before this one are done here and have signalled, if they signal
  uint32_t signals;      // pushed
};

// Values in step `step` of chiplet `c`'s share.
uint32_t step_size_of(const struct group_run* g, uint32_t c, uint32_t step);
// Chiplets (always the first ones) that take step `step`, and whose bound extent reaches beyond `element`.
uint32_t participants(const struct cursor* at, uint32_t element);

// Places the cursor on the first tile of the first group at or after `group` in which this chiplet has a share; `valid`
// becomes 0 when there is none. The storage that the group takes over keeps what earlier groups still do with it.
void cursor_enter_group(struct machine* m, struct cursor* at, uint32_t group);
// Adds to the places of `g` what the commands issued since it began do with the same bytes for the group `from`.
void group_inherits(struct group_run* g, const struct group_run* from);
// Moves to the next tile, node or step; 0: the group has none.
uint32_t cursor_advance(const struct machine* m, struct cursor* at);

// First and actual size of the cursor's tile along `dim`.
uint32_t tile_start(const struct cursor* at, uint32_t dim);
uint32_t tile_size(const struct cursor* at, uint32_t dim);

// Issues the loads that tile number `tile` of those under way needs and that are not issued yet; behind the first, only
// those that depend on nothing of the tiles before it, whose work is still to be issued. 0: there are more to issue.
uint32_t issue_loads(struct machine* m, struct under_way* tiles, uint32_t tile);
// Issues everything else of the tile.
void issue_gemm_tile(struct machine* m, const struct cursor* at);
void issue_rows(struct machine* m, const struct cursor* at);

static inline const uint32_t* group_words(const struct machine* m, uint32_t group) {
  return m->image + m->image[m->image[SIMBA_IMG_GROUP_TABLE] + group];
}

static inline uint32_t objects_overlap(const struct object* x, const struct object* y) {
  return x->begin < y->end && y->begin < x->end;
}

// The tracked object `number` of a group as step `step` has it.
static inline struct object* object_of(struct group_run* g, uint32_t number, uint32_t twice, uint32_t step) {
  return &g->places[PLACE_OBJECTS + number + (twice ? step & 1 : 0)];
}

// Record of an operand in the image.
static inline const uint32_t* operand_at(const struct machine* m, uint32_t offset) {
  return m->image + offset;
}

#endif  // FIRMWARE_SRC_MACHINE_H_
