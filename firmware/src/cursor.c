// Where the group loop stands and how it moves: groups, steps of this chiplet's share, nodes of a step, tiles of a node
// (k innermost, then gb_order from the inside).
#include "firmware/src/machine.h"

uint32_t step_size_of(const struct group_run* g, uint32_t c, uint32_t step) {
  const uint32_t share = simba_share_size(g->words[SIMBA_GRP_EXTENT], g->words[SIMBA_GRP_CHIPLETS], c);
  return simba_piece_size(share, g->words[SIMBA_GRP_STEP], step);
}

uint32_t participants(const struct cursor* at, uint32_t element) {
  const uint32_t chiplets = at->in->words[SIMBA_GRP_CHIPLETS];
  uint32_t count = 0;
  while (count < chiplets && step_size_of(at->in, count, at->step) * at->node[SIMBA_NODE_PER_VALUE] > element) ++count;
  return count;
}

uint32_t tile_start(const struct cursor* at, uint32_t dim) {
  return at->at[dim] * at->node[SIMBA_NODE_GB_TILE + dim];
}

uint32_t tile_size(const struct cursor* at, uint32_t dim) {
  return simba_piece_size(at->extents[dim], at->node[SIMBA_NODE_GB_TILE + dim], at->at[dim]);
}

// Places the cursor on the first tile of its node.
static void enter_node(const struct machine* m, struct cursor* at) {
  at->node = m->image + m->image[at->in->words[SIMBA_GRP_NODE_TABLE] + at->position];
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM;
  for (uint32_t d = 0; d < 4; ++d) {
    at->at[d] = 0;
    at->tiles[d] = 1;
    at->extents[d] = gemm ? at->node[SIMBA_NODE_EXTENTS + d] : 1;
  }
  at->extents[at->node[SIMBA_NODE_BOUND]] = at->size * at->node[SIMBA_NODE_PER_VALUE];
  if (gemm)
    for (uint32_t d = 0; d < 4; ++d) at->tiles[d] = simba_pieces(at->extents[d], at->node[SIMBA_NODE_GB_TILE + d]);
}

// 0: the step has no values.
static uint32_t enter_step(const struct machine* m, struct cursor* at) {
  at->size = step_size_of(at->in, m->chiplet, at->step);
  if (at->size == 0) return 0;
  at->begin = at->in->share_begin + at->step * at->in->words[SIMBA_GRP_STEP];
  enter_node(m, at);
  return 1;
}

// `record`: SIMBA_PLACE words.
static void set_place(struct group_run* g, uint32_t place, const uint32_t* record) {
  const uint32_t begin = record[SIMBA_PLACE_GB];
  const struct object fresh = {{{0}}, {{0}}, begin, begin + record[SIMBA_PLACE_BYTES], record[SIMBA_PLACE_RESULTS]};
  g->places[place] = fresh;
}

static void set_slots(struct group_run* g, uint32_t place, uint32_t word) {
  for (uint32_t i = 0; i < SIMBA_MAX_SLOTS; ++i) set_place(g, place + i, g->words + word + i * SIMBA_PLACE_WORDS);
}

static void set_places(const struct machine* m, struct group_run* g) {
  set_slots(g, PLACE_WEIGHT, SIMBA_GRP_WEIGHT_SLOTS);
  set_slots(g, PLACE_INPUT, SIMBA_GRP_INPUT_SLOTS);
  set_slots(g, PLACE_OUTPUT, SIMBA_GRP_OUTPUT_SLOTS);
  set_slots(g, PLACE_PARAMETERS, SIMBA_GRP_PARAMETER_SLOTS);
  const uint32_t* object = m->image + g->words[SIMBA_GRP_OBJECT_TABLE];
  g->place_count = PLACE_OBJECTS + g->words[SIMBA_GRP_OBJECTS];
  for (uint32_t i = PLACE_OBJECTS; i < g->place_count; ++i, object += SIMBA_PLACE_WORDS) set_place(g, i, object);
}

// What the commands issued so far do with the bytes of `to`, among the places of a group.
static void inherit(struct object* to, const struct object* places, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (!objects_overlap(&places[i], to)) continue;
    waits_merge(&to->readers, &places[i].readers);
    waits_merge(&to->writers, &places[i].writers);
  }
}

void group_inherits(struct group_run* g, const struct group_run* from) {
  for (uint32_t i = 0; i < g->place_count; ++i) inherit(&g->places[i], from->places, from->place_count);
}

// A new group takes the room of the one before the present. Its places begin with what both of them still do with the
// same bytes, and with everything older.
static void start_group(struct machine* m, struct group_run* g, const struct group_run* present, uint32_t number) {
  const uint32_t past_count = g->place_count;
  struct waits past = m->older;
  for (uint32_t i = 0; i < past_count; ++i) {
    m->past[i] = g->places[i];
    waits_merge(&past, &m->past[i].readers);
    waits_merge(&past, &m->past[i].writers);
  }
  g->number = number;
  g->words = group_words(m, number);
  g->share_begin = simba_share_begin(g->words[SIMBA_GRP_EXTENT], g->words[SIMBA_GRP_CHIPLETS], m->chiplet);
  g->weight_slot = g->input_slot = g->output_slot = 0;
  g->parameter_slot = present ? present->parameter_slot : 0;  // whose places often are the same
  for (uint32_t i = 0; i < SIMBA_MAX_SLOTS; ++i) g->parameter_content[i] = SIMBA_NONE;
  set_places(m, g);
  for (uint32_t i = 0; i < g->place_count; ++i) {
    if (g->places[i].begin == g->places[i].end) continue;
    g->places[i].writers = m->older;
    inherit(&g->places[i], m->past, past_count);
  }
  m->older = past;
  if (present) group_inherits(g, present);
}

void cursor_enter_group(struct machine* m, struct cursor* at, uint32_t group) {
  at->valid = 0;
  at->loads_done = 0;
  for (; group < m->image[SIMBA_IMG_GROUPS]; ++group) {
    const uint32_t* words = group_words(m, group);
    if (simba_share_size(words[SIMBA_GRP_EXTENT], words[SIMBA_GRP_CHIPLETS], m->chiplet) != 0) break;
  }
  if (group == m->image[SIMBA_IMG_GROUPS]) return;
  struct group_run* present = at->in;
  at->in = present == &m->groups[0] ? &m->groups[1] : &m->groups[0];
  start_group(m, at->in, present, group);
  at->valid = 1;
  at->step = at->position = 0;
  enter_step(m, at);
}

// Moves step and position on. Of the first `ahead` nodes a step comes before the other nodes' step before it: with one
// node ahead, (0, first) (1, first) (0, others) (2, first) (1, others) ... Behind the last: a step without values.
static void next_node(const struct machine* m, struct cursor* at) {
  const uint32_t ahead = at->in->words[SIMBA_GRP_AHEAD], nodes = at->in->words[SIMBA_GRP_NODES];
  ++at->position;
  if (ahead == 0) {
    if (at->position < nodes) return;
    ++at->step;
    at->position = 0;
  } else if (at->position == ahead) {
    if (at->step > 0) {
      --at->step;
    } else if (step_size_of(at->in, m->chiplet, 1) != 0) {
      at->step = 1;
      at->position = 0;
    }
  } else if (at->position == nodes) {
    const uint32_t more = step_size_of(at->in, m->chiplet, at->step + 2) != 0;
    at->step += more ? 2 : 1;
    at->position = more ? 0 : ahead;
  }
}

uint32_t cursor_advance(const struct machine* m, struct cursor* at) {
  at->loads_done = 0;
  if (++at->at[SIMBA_DIM_K] < at->tiles[SIMBA_DIM_K]) return 1;
  at->at[SIMBA_DIM_K] = 0;
  if (at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM) {
    for (uint32_t i = 3; i-- > 0;) {
      const uint32_t d = at->node[SIMBA_NODE_GB_ORDER + i];
      if (++at->at[d] < at->tiles[d]) return 1;
      at->at[d] = 0;
    }
  }
  next_node(m, at);
  return enter_step(m, at);
}
