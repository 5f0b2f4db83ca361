// The load phase: what a tile needs from DRAM that the global buffer does not hold yet. An operand that does not hold
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
static uint32_t joint_tile(const struct machine* m, const struct cursor* at) {
  const uint32_t bound = at->node[SIMBA_NODE_BOUND];
  const uint32_t longest = step_size_of(m, 0, at->step) * at->node[SIMBA_NODE_PER_VALUE];
  uint32_t number = 0;
  for (uint32_t d = 0; d < SIMBA_DIMS; ++d) {
    const uint32_t tiles = d == bound ? simba_pieces(longest, at->node[SIMBA_NODE_GB_TILE + d]) : at->tiles[d];
    number = number * tiles + at->at[d];
  }
  return number;
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
    command_set(SIMBA_CMD_PARTICIPANTS, participants(m, at, tile_start(at, bound)));
    command_set(SIMBA_CMD_KEY,
                joint_tile(m, at) * SIMBA_KEYS + (rows == SIMBA_DIM_M ? SIMBA_KEY_WEIGHT : SIMBA_KEY_INPUT));
  }
  if (operand[SIMBA_OPR_OBJECT] != SIMBA_NONE) command_reads(&m->composer, &m->objects[operand[SIMBA_OPR_OBJECT]]);
  command_writes(&m->composer, slot);
  command_push(&m->composer, SIMBA_LOAD);
}

static void load_parameters(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t ordinal,
                            uint32_t slot) {
  if (operand[SIMBA_OPR_RESIDENT]) return;
  command_begin(&m->composer, at->node[SIMBA_NODE_ID], at->step, at->position);
  const uint32_t base = m->group[SIMBA_GRP_PARAMETER_SLOT] + slot * m->group[SIMBA_GRP_PARAMETER_SLOT + 1];
  set_view(operand[SIMBA_OPR_VIEW], base + operand[SIMBA_OPR_GB]);
  set_run(0, operand[SIMBA_OPR_BYTES]);
  command_set(SIMBA_CMD_PARTICIPANTS, participants(m, at, 0));
  command_set(SIMBA_CMD_KEY, ordinal * SIMBA_KEYS + SIMBA_KEY_PARAMETERS);
  command_writes(&m->composer, &m->parameter_slots[slot]);
  command_push(&m->composer, SIMBA_LOAD);
}

// Parameters stay in their slot until two other nodes' parameters came in.
static void issue_parameters(struct machine* m, struct cursor* at, const uint32_t operands[2]) {
  uint32_t streams = 0;
  for (uint32_t i = 0; i < 2; ++i)
    if (operands[i] != 0 && !operand_at(m, operands[i])[SIMBA_OPR_RESIDENT]) streams = 1;
  if (!streams) return;
  for (uint32_t s = 0; s < 2; ++s) {
    if (m->parameter_content[s] == at->position) {
      at->parameter_slot = s;
      m->parameter_slot = s;
      return;
    }
  }
  m->parameter_slot ^= 1;
  at->parameter_slot = m->parameter_slot;
  m->parameter_content[m->parameter_slot] = at->position;
  for (uint32_t i = 0; i < 2; ++i)
    if (operands[i] != 0) load_parameters(m, at, operand_at(m, operands[i]), i, at->parameter_slot);
}

static uint32_t tile_changed(const struct cursor* at, const struct cursor* previous, uint32_t rows) {
  return !previous || at->at[SIMBA_DIM_B] != previous->at[SIMBA_DIM_B] || at->at[rows] != previous->at[rows] ||
         at->at[SIMBA_DIM_K] != previous->at[SIMBA_DIM_K];
}

static void issue_gemm_loads(struct machine* m, struct cursor* at, const struct cursor* previous) {
  const uint32_t* weight = operand_at(m, at->node[SIMBA_NODE_WEIGHT]);
  const uint32_t* input = operand_at(m, at->node[SIMBA_NODE_INPUT]);
  if (!previous) issue_parameters(m, at, at->node + SIMBA_NODE_REQUANT);
  if (!weight[SIMBA_OPR_RESIDENT] && tile_changed(at, previous, SIMBA_DIM_M)) {
    at->weight_slot = m->weight_slot ^= 1;
    load_tile(m, at, weight, SIMBA_DIM_M,
              m->group[SIMBA_GRP_WEIGHT_SLOT] + at->weight_slot * m->group[SIMBA_GRP_WEIGHT_SLOT + 1],
              &m->weight_slots[at->weight_slot]);
  }
  if (!input[SIMBA_OPR_RESIDENT] && tile_changed(at, previous, SIMBA_DIM_N)) {
    at->input_slot = m->input_slot ^= 1;
    load_tile(m, at, input, SIMBA_DIM_N,
              m->group[SIMBA_GRP_INPUT_SLOT] + at->input_slot * m->group[SIMBA_GRP_INPUT_SLOT + 1],
              &m->input_slots[at->input_slot]);
  }
}

static void load_rows(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t gb) {
  command_begin(&m->composer, at->node[SIMBA_NODE_ID], at->step, at->position);
  set_view(operand[SIMBA_OPR_VIEW], gb);
  const uint32_t first = operand[SIMBA_OPR_BOUND] ? at->begin * at->node[SIMBA_NODE_PER_VALUE] : 0;
  command_set3(SIMBA_CMD_START, 0, first, 0);
  command_set3(SIMBA_CMD_COUNT, 1, at->extents[SIMBA_DIM_N], at->node[SIMBA_NODE_COLUMNS]);
  if (operand[SIMBA_OPR_OBJECT] != SIMBA_NONE) command_reads(&m->composer, &m->objects[operand[SIMBA_OPR_OBJECT]]);
  command_writes(&m->composer, &m->input_slots[at->input_slot]);
  command_push(&m->composer, SIMBA_LOAD);
}

static void issue_row_loads(struct machine* m, struct cursor* at) {
  const uint32_t parameters[2] = {at->node[SIMBA_NODE_ROW_PARAMETERS], 0};
  issue_parameters(m, at, parameters);
  const uint32_t* input = operand_at(m, at->node[SIMBA_NODE_ROW_INPUT]);
  const uint32_t residual_offset = at->node[SIMBA_NODE_ROW_RESIDUAL];
  const uint32_t* residual = residual_offset ? operand_at(m, residual_offset) : 0;
  const uint32_t stream_input = !input[SIMBA_OPR_RESIDENT];
  const uint32_t stream_residual = residual && !residual[SIMBA_OPR_RESIDENT];
  if (!stream_input && !stream_residual) return;
  at->input_slot = m->input_slot ^= 1;
  uint32_t gb = m->group[SIMBA_GRP_INPUT_SLOT] + at->input_slot * m->group[SIMBA_GRP_INPUT_SLOT + 1];
  if (stream_input) {
    load_rows(m, at, input, gb);
    gb += at->extents[SIMBA_DIM_N] * at->node[SIMBA_NODE_COLUMNS];
  }
  if (stream_residual) load_rows(m, at, residual, gb);
}

void issue_loads(struct machine* m, struct cursor* at, const struct cursor* previous) {
  if (at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM)
    issue_gemm_loads(m, at, previous);
  else
    issue_row_loads(m, at);
  at->loads_done = 1;
}

uint32_t must_defer(const struct machine* m, const struct cursor* at) {
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM;
  const uint32_t first = gemm ? SIMBA_NODE_WEIGHT : SIMBA_NODE_ROW_INPUT;
  for (uint32_t i = 0; i < 2; ++i) {
    const uint32_t offset = at->node[first + i];
    if (offset != 0 && operand_at(m, offset)[SIMBA_OPR_DEFER]) return 1;
  }
  return 0;
}

void issue_pinned(struct machine* m, const struct cursor* at, uint32_t whole) {
  const uint32_t* pin = m->image + m->group[SIMBA_GRP_PINNED_TABLE];
  for (uint32_t i = 0; i < m->group[SIMBA_GRP_PINNED]; ++i, pin += SIMBA_PIN_WORDS) {
    const uint32_t per_value = pin[SIMBA_PIN_PER_VALUE];
    if ((per_value == 0) != (whole != 0)) continue;
    const uint32_t* node = m->image + m->image[m->group[SIMBA_GRP_NODE_TABLE] + pin[SIMBA_PIN_NODE]];
    command_begin(&m->composer, node[SIMBA_NODE_ID], at->step, pin[SIMBA_PIN_NODE]);
    set_view(pin[SIMBA_PIN_VIEW], pin[SIMBA_PIN_GB]);
    if (whole) {
      set_run(0, pin[SIMBA_PIN_BYTES]);
      uint32_t count = 0;
      while (count < m->chiplets && step_size_of(m, count, 0) != 0) ++count;
      command_set(SIMBA_CMD_PARTICIPANTS, count);
      command_set(SIMBA_CMD_KEY, i * SIMBA_KEYS + SIMBA_KEY_PINNED);
    } else {
      set_run(at->begin * per_value, at->size * per_value);
    }
    command_writes(&m->composer, &m->objects[pin[SIMBA_PIN_OBJECT]]);
    command_push(&m->composer, SIMBA_LOAD);
  }
}
