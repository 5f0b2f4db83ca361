// The load phase: what a tile needs that the global buffer does not hold yet. An operand that does not hold
// the group's index is the same on every chiplet: its load is joint, the participants are the chiplets whose own loop
// visits the same tile, and its key numbers the tile in the longest of these loops, that of chiplet 0.
#include "firmware/src/machine.h"

static void set_view(uint32_t view, uint32_t gb) {
  command_set(SIMBA_CMD_VIEW, view);
  command_set(SIMBA_CMD_GB, gb);
}

// A run of `bytes` bytes from `first` of a one-dimensional view.
static void set_run(uint32_t first, uint32_t bytes) {
  command_set3(SIMBA_CMD_START, 0, 0, first);
  command_set3(SIMBA_CMD_COUNT, 1, 1, bytes);
}

// Number of the cursor's tile in chiplet 0's loop of this node and step: the same on every chiplet that visits the tile.
static uint32_t joint_tile(const struct cursor* at) {
  const uint32_t bound = at->node[SIMBA_NODE_BOUND];
  const uint32_t longest = step_size_of(at->in, 0, at->step) * at->node[SIMBA_NODE_PER_VALUE];
  uint32_t number = 0;
  for (uint32_t d = 0; d < SIMBA_DIMS; ++d) {
    const uint32_t tiles = d == bound ? simba_pieces(longest, at->node[SIMBA_NODE_GB_TILE + d]) : at->tiles[d];
    number = number * tiles + at->at[d];
  }
  return number;
}

// Hazards of reading an operand where it comes from.
static void reads_source(struct machine* m, const struct cursor* at, const uint32_t* operand) {
  command_results(&m->composer, operand[SIMBA_OPR_RESULTS]);
  if (operand[SIMBA_OPR_OBJECT] != SIMBA_NONE)
    command_reads(&m->composer, &at->in->places[PLACE_OBJECTS + operand[SIMBA_OPR_OBJECT]]);
}

// Streams the tile of a weight (rows = m) or input (rows = n) operand into `gb`.
static void load_tile(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t rows, uint32_t gb,
                      struct object* slot) {
  command_begin(&m->composer, at->node[SIMBA_NODE_ID], at->step, at->position);
  set_view(operand[SIMBA_OPR_VIEW], gb);
  const uint32_t bound = at->node[SIMBA_NODE_BOUND];
  const uint32_t offset = at->begin * at->node[SIMBA_NODE_PER_VALUE];
  const uint32_t own = operand[SIMBA_OPR_BOUND];
  command_set3(SIMBA_CMD_START, tile_start(at, SIMBA_DIM_B) + (own && bound == SIMBA_DIM_B ? offset : 0),
               tile_start(at, rows) + (own && bound == rows ? offset : 0), tile_start(at, SIMBA_DIM_K));
  command_set3(SIMBA_CMD_COUNT, tile_size(at, SIMBA_DIM_B), tile_size(at, rows), tile_size(at, SIMBA_DIM_K));
  if (!own) {
    command_set(SIMBA_CMD_PARTICIPANTS, participants(at, tile_start(at, bound)));
    command_set(SIMBA_CMD_KEY,
                joint_tile(at) * SIMBA_KEYS + (rows == SIMBA_DIM_M ? SIMBA_KEY_WEIGHT : SIMBA_KEY_INPUT));
  }
  reads_source(m, at, operand);
  command_writes(&m->composer, slot);
  command_push(&m->composer, SIMBA_LOAD);
}

static void load_parameters(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t ordinal) {
  if (operand[SIMBA_OPR_RESIDENT]) return;
  struct object* slot = &at->in->places[PLACE_PARAMETERS + at->parameter_slot];
  command_begin(&m->composer, at->node[SIMBA_NODE_ID], at->step, at->position);
  set_view(operand[SIMBA_OPR_VIEW], slot->begin + operand[SIMBA_OPR_GB]);
  set_run(0, operand[SIMBA_OPR_BYTES]);
  command_set(SIMBA_CMD_PARTICIPANTS, participants(at, 0));
  command_set(SIMBA_CMD_KEY, ordinal * SIMBA_KEYS + SIMBA_KEY_PARAMETERS);
  command_writes(&m->composer, slot);
  command_push(&m->composer, SIMBA_LOAD);
}

// Tile number `tile` of those under way, the tile before it, and whether its loads run ahead of work that is not issued.
struct loading {
  struct cursor* at;
  const struct cursor* before;
  const struct cursor* waiting;  // the tiles whose work comes first, `before` the last of them
  uint32_t early;                // how many they are
};

// The tile `waiting`, whose work is still to be issued, touches none of the place's bytes. Of another group, its resident
// tensors and output slots may too; within a group those lie apart from the slots.
static uint32_t leaves_free(const struct cursor* waiting, const struct cursor* at, const struct object* place) {
  const struct group_run* g = waiting->in;
  const uint32_t used[] = {PLACE_WEIGHT + waiting->weight_slot, PLACE_INPUT + waiting->input_slot,
                           PLACE_PARAMETERS + waiting->parameter_slot};
  for (uint32_t i = 0; i < sizeof used / sizeof used[0]; ++i)
    if (objects_overlap(&g->places[used[i]], place)) return 0;
  if (g == at->in) return 1;
  for (uint32_t i = PLACE_OUTPUT; i < PLACE_OUTPUT + SIMBA_MAX_SLOTS; ++i)
    if (objects_overlap(&g->places[i], place)) return 0;
  for (uint32_t i = PLACE_OBJECTS; i < g->place_count; ++i)
    if (objects_overlap(&g->places[i], place)) return 0;
  return 1;
}

// Nothing whose work comes first touches the place's bytes, and all signals that writing them waits for are sent here.
static uint32_t is_free(const struct machine* m, const struct loading* l, const struct object* place) {
  if (place->results > m->signals) return 0;
  for (uint32_t i = 0; i < l->early; ++i)
    if (!leaves_free(&l->waiting[i], l->at, place)) return 0;
  return 1;
}

// Everything that makes the operand's bytes is issued.
static uint32_t is_issued(const struct machine* m, const uint32_t* operand) {
  return !operand[SIMBA_OPR_DEFER] && operand[SIMBA_OPR_RESULTS] <= m->signals;
}

// The slot behind the last one used.
static uint32_t following_slot(const struct loading* l, uint32_t kind, uint32_t last) {
  const struct object* slots = l->at->in->places + kind;
  const uint32_t next = last + 1;
  return next < SIMBA_MAX_SLOTS && slots[next].begin != slots[next].end ? next : 0;
}

// The first one behind the last one used that is free for an early load; the following one when none is.
static uint32_t next_slot(const struct machine* m, const struct loading* l, uint32_t kind, uint32_t last) {
  const uint32_t next = following_slot(l, kind, last);
  uint32_t slot = next;
  do {
    if (is_free(m, l, &l->at->in->places[kind + slot])) return slot;
    slot = following_slot(l, kind, slot);
  } while (slot != next);
  return next;
}

static uint32_t at_first_tile(const struct cursor* at) {
  return at->position == 0 && at->at[0] == 0 && at->at[1] == 0 && at->at[2] == 0 && at->at[3] == 0;
}

// Pinned tensors: whole ones before the first step, this step's shares.
static uint32_t load_pinned(struct machine* m, const struct loading* l, uint32_t whole) {
  struct cursor* at = l->at;
  if (!at_first_tile(at) || (whole && at->step != 0)) return 1;
  const uint32_t* words = at->in->words;
  const uint32_t* pin = m->image + words[SIMBA_GRP_PINNED_TABLE];
  for (uint32_t i = 0; i < words[SIMBA_GRP_PINNED]; ++i, pin += SIMBA_PIN_WORDS) {
    if ((pin[SIMBA_PIN_PER_VALUE] == 0) != (whole != 0) || !l->early) continue;
    if (at->in == l->before->in || pin[SIMBA_PIN_RESULTS] > m->signals) return 0;
    if (!is_free(m, l, object_of(at->in, pin[SIMBA_PIN_OBJECT], pin[SIMBA_PIN_TWICE], at->step))) return 0;
  }
  pin = m->image + words[SIMBA_GRP_PINNED_TABLE];
  for (uint32_t i = 0; i < words[SIMBA_GRP_PINNED]; ++i, pin += SIMBA_PIN_WORDS) {
    const uint32_t per_value = pin[SIMBA_PIN_PER_VALUE];
    if ((per_value == 0) != (whole != 0)) continue;
    const uint32_t* node = m->image + m->image[words[SIMBA_GRP_NODE_TABLE] + pin[SIMBA_PIN_NODE]];
    command_begin(&m->composer, node[SIMBA_NODE_ID], at->step, pin[SIMBA_PIN_NODE]);
    struct object* place = object_of(at->in, pin[SIMBA_PIN_OBJECT], pin[SIMBA_PIN_TWICE], at->step);
    set_view(pin[SIMBA_PIN_VIEW], place->begin);
    command_results(&m->composer, pin[SIMBA_PIN_RESULTS]);
    if (whole) {
      set_run(0, pin[SIMBA_PIN_BYTES]);
      uint32_t count = 0;
      while (count < words[SIMBA_GRP_CHIPLETS] && step_size_of(at->in, count, 0) != 0) ++count;
      command_set(SIMBA_CMD_PARTICIPANTS, count);
      command_set(SIMBA_CMD_KEY, i * SIMBA_KEYS + SIMBA_KEY_PINNED);
    } else {
      set_run(at->begin * per_value, at->size * per_value);
    }
    command_writes(&m->composer, place);
    command_push(&m->composer, SIMBA_LOAD);
  }
  return 1;
}

// Parameters stay in their slot where every node has one, else until the node is through with the step: what is loaded
// jointly must not depend on which steps a chiplet has.
static uint32_t load_all_parameters(struct machine* m, const struct loading* l) {
  struct cursor* at = l->at;
  struct group_run* g = at->in;
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM;
  const uint32_t first = gemm ? SIMBA_NODE_REQUANT : SIMBA_NODE_ROW_PARAMETERS, count = 2;
  uint32_t streams = 0;
  for (uint32_t i = 0; i < count; ++i)
    if (at->node[first + i] != 0 && !operand_at(m, at->node[first + i])[SIMBA_OPR_RESIDENT]) streams = 1;
  if (!streams) return 1;
  const uint32_t step = g->words[SIMBA_GRP_PARAMETERS_STAY] ? 0 : at->step;
  const uint32_t content = step * g->words[SIMBA_GRP_NODES] + at->position;
  for (uint32_t s = 0; s < SIMBA_MAX_SLOTS; ++s) {
    if (g->parameter_content[s] != content) continue;
    at->parameter_slot = g->parameter_slot = s;
    return 1;
  }
  const uint32_t slot = following_slot(l, PLACE_PARAMETERS, g->parameter_slot);
  if (l->early && !is_free(m, l, &g->places[PLACE_PARAMETERS + slot])) return 0;
  at->parameter_slot = g->parameter_slot = slot;
  g->parameter_content[slot] = content;
  for (uint32_t i = 0; i < count; ++i)
    if (at->node[first + i] != 0) load_parameters(m, at, operand_at(m, at->node[first + i]), i);
  return 1;
}

static uint32_t tile_changed(const struct cursor* at, const struct cursor* before, uint32_t rows) {
  const uint32_t same_run =
      before->valid && at->in == before->in && at->step == before->step && at->position == before->position;
  return !same_run || at->at[SIMBA_DIM_B] != before->at[SIMBA_DIM_B] || at->at[rows] != before->at[rows] ||
         at->at[SIMBA_DIM_K] != before->at[SIMBA_DIM_K];
}

static uint32_t load_weight(struct machine* m, const struct loading* l) {
  struct cursor* at = l->at;
  if (at->node[SIMBA_NODE_KIND] != SIMBA_KIND_GEMM) return 1;
  const uint32_t* weight = operand_at(m, at->node[SIMBA_NODE_WEIGHT]);
  if (weight[SIMBA_OPR_RESIDENT] || !tile_changed(at, l->before, SIMBA_DIM_M)) return 1;
  const uint32_t slot = next_slot(m, l, PLACE_WEIGHT, at->in->weight_slot);
  struct object* place = &at->in->places[PLACE_WEIGHT + slot];
  if (l->early && (!is_issued(m, weight) || !is_free(m, l, place))) return 0;
  at->weight_slot = at->in->weight_slot = slot;
  load_tile(m, at, weight, SIMBA_DIM_M, place->begin, place);
  return 1;
}

static void load_rows(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t gb) {
  command_begin(&m->composer, at->node[SIMBA_NODE_ID], at->step, at->position);
  set_view(operand[SIMBA_OPR_VIEW], gb);
  const uint32_t first = operand[SIMBA_OPR_BOUND] ? at->begin * at->node[SIMBA_NODE_PER_VALUE] : 0;
  command_set3(SIMBA_CMD_START, 0, first, 0);
  command_set3(SIMBA_CMD_COUNT, 1, at->extents[SIMBA_DIM_N], at->node[SIMBA_NODE_INPUT_COLUMNS]);
  reads_source(m, at, operand);
  command_writes(&m->composer, &at->in->places[PLACE_INPUT + at->input_slot]);
  command_push(&m->composer, SIMBA_LOAD);
}

// The input of a GEMM, or the rows of a row operation and behind them those of its residual.
static uint32_t load_input(struct machine* m, const struct loading* l) {
  struct cursor* at = l->at;
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM;
  const uint32_t* input = operand_at(m, at->node[gemm ? SIMBA_NODE_INPUT : SIMBA_NODE_ROW_INPUT]);
  const uint32_t residual_offset = gemm ? 0 : at->node[SIMBA_NODE_ROW_RESIDUAL];
  const uint32_t* residual = residual_offset ? operand_at(m, residual_offset) : 0;
  const uint32_t stream_input = !input[SIMBA_OPR_RESIDENT] && (!gemm || tile_changed(at, l->before, SIMBA_DIM_N));
  const uint32_t stream_residual = residual && !residual[SIMBA_OPR_RESIDENT];
  if (!stream_input && !stream_residual) return 1;
  const uint32_t slot = next_slot(m, l, PLACE_INPUT, at->in->input_slot);
  struct object* place = &at->in->places[PLACE_INPUT + slot];
  if (l->early &&
      (!is_free(m, l, place) || (stream_input && !is_issued(m, input)) || (stream_residual && !is_issued(m, residual))))
    return 0;
  at->input_slot = at->in->input_slot = slot;
  if (gemm) {
    load_tile(m, at, input, SIMBA_DIM_N, place->begin, place);
    return 1;
  }
  if (stream_input) load_rows(m, at, input, place->begin);
  if (stream_residual)
    load_rows(m, at, residual,
              place->begin + (stream_input ? at->extents[SIMBA_DIM_N] * at->node[SIMBA_NODE_INPUT_COLUMNS] : 0));
  return 1;
}

// Issues one of the tile's loads; 0: it has to wait until work of tiles before is issued.
static uint32_t load(struct machine* m, const struct loading* l, uint32_t which) {
  switch (which) {
    case LOAD_PINNED_WHOLE:
      return load_pinned(m, l, 1);
    case LOAD_PINNED_SHARES:
      return load_pinned(m, l, 0);
    case LOAD_PARAMETERS:
      return load_all_parameters(m, l);
    case LOAD_WEIGHT:
      return load_weight(m, l);
    default:
      return load_input(m, l);
  }
}

static uint32_t pins_of(const struct machine* m, const struct cursor* at, uint32_t whole) {
  if (!at_first_tile(at) || (whole && at->step != 0)) return 0;
  const uint32_t* words = at->in->words;
  const uint32_t* pin = m->image + words[SIMBA_GRP_PINNED_TABLE];
  uint32_t count = 0;
  for (uint32_t i = 0; i < words[SIMBA_GRP_PINNED]; ++i, pin += SIMBA_PIN_WORDS)
    if ((pin[SIMBA_PIN_PER_VALUE] == 0) == (whole != 0)) ++count;
  return count;
}

// Commands that a load takes at most.
static uint32_t commands_of(const struct machine* m, const struct cursor* at, uint32_t which) {
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM;
  switch (which) {
    case LOAD_PINNED_WHOLE:
      return pins_of(m, at, 1);
    case LOAD_PINNED_SHARES:
      return pins_of(m, at, 0);
    case LOAD_PARAMETERS:
      return (at->node[gemm ? SIMBA_NODE_REQUANT : SIMBA_NODE_ROW_PARAMETERS] != 0) +
             (at->node[gemm ? SIMBA_NODE_ACTIVATION : SIMBA_NODE_ROW_MASK] != 0);
    case LOAD_WEIGHT:
      return gemm;
    default:
      return gemm ? 1 : 2;
  }
}

// Whether the controller might not come back to the work before when it pushes the load and the queue has no room: groups
// lie between in which this chiplet has no part, whose signals it sends behind that work, and for which the others may
// wait before they come to a joint load of this group.
static uint32_t may_hang(const struct machine* m, const struct loading* l, uint32_t which) {
  return l->early && l->at->in->number > l->waiting[0].in->number + 1 &&
         command_room(SIMBA_LOAD) < commands_of(m, l->at, which);
}

// In their order, so that chiplets that load together meet in the same order.
uint32_t issue_loads(struct machine* m, struct under_way* tiles, uint32_t tile) {
  struct cursor* at = &tiles->tiles[tile];
  const struct loading l = {at, tile == 0 ? &tiles->before : at - 1, tiles->tiles, tile};
  for (; at->loads_done < LOADS; ++at->loads_done) {
    if (may_hang(m, &l, at->loads_done) || !load(m, &l, at->loads_done)) return 0;
    at->load_number = m->composer.issued[SIMBA_LOAD];
  }
  return 1;
}
