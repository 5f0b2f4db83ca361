// The work phase of a tile: waves of sends, computes and drains, row operations, and the store of the output tile.
#include "firmware/src/machine.h"

// A wave: `at` within the GB tile and `size`, both along b, m, n, k.
struct wave {
  uint32_t at[4], size[4];
};

// State of one GB tile's execution.
struct tile_run {
  const struct cursor* at;
  const uint32_t* weight;
  const uint32_t* input;
  const uint32_t* output;
  uint32_t start[4], size[4];
  uint32_t sent_weight[3], sent_input[3];  // element coordinates last sent
  uint32_t sent;                           // bit 0: weights, bit 1: inputs were sent in this node run
  uint32_t output_slot;
};

static void set4(uint32_t word, const uint32_t* v) {
  for (uint32_t i = 0; i < 4; ++i) command_set(word + i, v[i]);
}

static void begin(struct machine* m, const struct cursor* at) {
  command_begin(&m->composer, at->node[SIMBA_NODE_ID], at->step, at->position);
}

// Elements along a dimension from a wave to the next.
static uint32_t wave_step(const uint32_t* node, uint32_t dim) {
  return node[SIMBA_NODE_PE_TILE + dim] * node[SIMBA_NODE_SPATIAL + dim];
}

static void set_wave(const struct cursor* at, const struct wave* w) {
  set4(SIMBA_CMD_WAVE, w->size);
  set4(SIMBA_CMD_TILE, at->node + SIMBA_NODE_PE_TILE);
  set4(SIMBA_CMD_SPATIAL, at->node + SIMBA_NODE_SPATIAL);
}

// Where a resident tensor lies, or of one that holds the chiplet's whole share what of it belongs to the present step.
static uint32_t resident_address(const struct cursor* at, const uint32_t* operand) {
  const uint32_t place = object_of(at->in, operand[SIMBA_OPR_OBJECT], operand[SIMBA_OPR_TWICE], at->step)->begin;
  return place + (at->begin - at->in->share_begin) * operand[SIMBA_OPR_PER_VALUE];
}

// Bytes of an element of an operand, behind its innermost index.
static uint32_t element_bytes(const struct tile_run* t, const uint32_t* operand) {
  return operand == t->output ? t->at->node[SIMBA_NODE_OUTPUT_BYTES] : 1;
}

// Where the box (b, x, y) of the wave lies: in the resident tensor at step-local coordinates, or in the packed slot.
static void set_place(const struct tile_run* t, const struct wave* w, const uint32_t* operand, uint32_t x, uint32_t y,
                      uint32_t slot_gb) {
  const uint32_t bytes = element_bytes(t, operand);
  if (operand[SIMBA_OPR_RESIDENT]) {
    const uint32_t before = operand[SIMBA_OPR_FROM_SHARE] ? t->at->begin - t->at->in->share_begin : 0;
    command_set(SIMBA_CMD_GB, resident_address(t->at, operand));
    command_set(SIMBA_CMD_VIEW, operand[SIMBA_OPR_VIEW]);
    command_set3(SIMBA_CMD_START,
                 before * t->at->node[SIMBA_NODE_PER_VALUE] + t->start[SIMBA_DIM_B] + w->at[SIMBA_DIM_B],
                 t->start[x] + w->at[x], (t->start[y] + w->at[y]) * bytes);
  } else {
    command_set(SIMBA_CMD_GB, slot_gb);
    command_set3(SIMBA_CMD_START, w->at[SIMBA_DIM_B], w->at[x], w->at[y] * bytes);
    command_set(SIMBA_CMD_PITCH, t->size[x]);
    command_set(SIMBA_CMD_PITCH + 1, t->size[y] * bytes);
  }
}

// What of the global buffer an operand lies in: its own place when it is resident, else a slot.
static struct object* place_of(const struct cursor* at, const uint32_t* operand, uint32_t slot) {
  if (operand[SIMBA_OPR_RESIDENT])
    return object_of(at->in, operand[SIMBA_OPR_OBJECT], operand[SIMBA_OPR_TWICE], at->step);
  return &at->in->places[slot];
}

// The hazards of reading an operand where it lies: a resident one may have come from other chiplets.
static void reads_operand(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t slot) {
  if (operand[SIMBA_OPR_RESIDENT]) command_results(&m->composer, operand[SIMBA_OPR_RESULTS]);
  command_reads(&m->composer, place_of(at, operand, slot));
}

static uint32_t sent_before(uint32_t sent[3], const struct tile_run* t, const struct wave* w, uint32_t rows,
                            uint32_t valid) {
  const uint32_t now[3] = {t->start[SIMBA_DIM_B] + w->at[SIMBA_DIM_B], t->start[rows] + w->at[rows],
                           t->start[SIMBA_DIM_K] + w->at[SIMBA_DIM_K]};
  const uint32_t same = valid && now[0] == sent[0] && now[1] == sent[1] && now[2] == sent[2];
  for (uint32_t i = 0; i < 3; ++i) sent[i] = now[i];
  return same;
}

static void send_weight(struct machine* m, struct tile_run* t, const struct wave* w) {
  if (sent_before(t->sent_weight, t, w, SIMBA_DIM_M, t->sent & 1)) return;
  t->sent |= 1;
  m->weight_half ^= 1;
  begin(m, t->at);
  set_wave(t->at, w);
  const uint32_t slot = t->at->weight_slot;
  set_place(t, w, t->weight, SIMBA_DIM_M, SIMBA_DIM_K, t->at->in->places[PLACE_WEIGHT + slot].begin);
  command_set(SIMBA_CMD_WEIGHT_HALF, m->weight_half);
  reads_operand(m, t->at, t->weight, PLACE_WEIGHT + slot);
  command_writes(&m->composer, &m->weight_halves[m->weight_half]);
  command_push(&m->composer, SIMBA_SEND_WEIGHT);
}

static void send_input(struct machine* m, struct tile_run* t, const struct wave* w) {
  if (sent_before(t->sent_input, t, w, SIMBA_DIM_N, t->sent & 2)) return;
  t->sent |= 2;
  m->input_half ^= 1;
  begin(m, t->at);
  set_wave(t->at, w);
  const uint32_t slot = t->at->input_slot;
  set_place(t, w, t->input, SIMBA_DIM_N, SIMBA_DIM_K, t->at->in->places[PLACE_INPUT + slot].begin);
  command_set(SIMBA_CMD_INPUT_HALF, m->input_half);
  reads_operand(m, t->at, t->input, PLACE_INPUT + slot);
  command_writes(&m->composer, &m->input_halves[m->input_half]);
  command_push(&m->composer, SIMBA_SEND_INPUT);
}

static void compute(struct machine* m, const struct tile_run* t, const struct wave* w, uint32_t first) {
  begin(m, t->at);
  set_wave(t->at, w);
  command_set(SIMBA_CMD_WEIGHT_HALF, m->weight_half);
  command_set(SIMBA_CMD_INPUT_HALF, m->input_half);
  command_set(SIMBA_CMD_ACC_HALF, m->accumulator);
  command_set(SIMBA_CMD_FIRST, first);
  command_reads(&m->composer, &m->weight_halves[m->weight_half]);
  command_reads(&m->composer, &m->input_halves[m->input_half]);
  command_writes(&m->composer, &m->accumulators[m->accumulator]);
  command_push(&m->composer, SIMBA_COMPUTE);
}

// Address + 1 of a parameter tensor of the node, and the hazard of reading it. 0: there is none.
static uint32_t use_parameters(struct machine* m, const struct cursor* at, uint32_t offset) {
  if (offset == 0) return 0;
  const uint32_t* operand = operand_at(m, offset);
  command_reads(&m->composer, place_of(at, operand, PLACE_PARAMETERS + at->parameter_slot));
  if (operand[SIMBA_OPR_RESIDENT]) return operand[SIMBA_OPR_GB] + 1;
  return at->in->places[PLACE_PARAMETERS + at->parameter_slot].begin + operand[SIMBA_OPR_GB] + 1;
}

static void drain(struct machine* m, const struct tile_run* t, const struct wave* w) {
  const uint32_t* node = t->at->node;
  begin(m, t->at);
  set_wave(t->at, w);
  command_set(SIMBA_CMD_WAVE + SIMBA_DIM_K,
              simba_min(wave_step(node, SIMBA_DIM_K), node[SIMBA_NODE_GB_TILE + SIMBA_DIM_K]));
  set_place(t, w, t->output, SIMBA_DIM_M, SIMBA_DIM_N, t->at->in->places[PLACE_OUTPUT + t->output_slot].begin);
  command_set(SIMBA_CMD_ACC_HALF, m->accumulator);
  command_set(SIMBA_CMD_OUTPUT_BYTES, node[SIMBA_NODE_OUTPUT_BYTES]);
  command_set(SIMBA_CMD_REQUANT, use_parameters(m, t->at, node[SIMBA_NODE_REQUANT]));
  command_set(SIMBA_CMD_ACTIVATION, use_parameters(m, t->at, node[SIMBA_NODE_ACTIVATION]));
  const uint32_t offset = t->at->begin * node[SIMBA_NODE_PER_VALUE];
  const uint32_t b = t->start[SIMBA_DIM_B] + w->at[SIMBA_DIM_B] + (node[SIMBA_NODE_BOUND] == SIMBA_DIM_B ? offset : 0);
  const uint32_t channel =
      t->start[SIMBA_DIM_M] + w->at[SIMBA_DIM_M] + (node[SIMBA_NODE_BOUND] == SIMBA_DIM_M ? offset : 0);
  command_set(SIMBA_CMD_CHANNEL, channel + b * node[SIMBA_NODE_CHANNEL_STRIDE]);
  command_set(SIMBA_CMD_CHANNEL_STRIDE, node[SIMBA_NODE_CHANNEL_STRIDE]);
  const uint32_t n = t->start[SIMBA_DIM_N] + w->at[SIMBA_DIM_N] + (node[SIMBA_NODE_BOUND] == SIMBA_DIM_N ? offset : 0);
  command_set(SIMBA_CMD_N_CHANNELS, node[SIMBA_NODE_N_CHANNELS]);
  command_set(SIMBA_CMD_N_START, n % node[SIMBA_NODE_N_CHANNELS]);
  command_reads(&m->composer, &m->accumulators[m->accumulator]);
  command_writes(&m->composer, place_of(t->at, t->output, PLACE_OUTPUT + t->output_slot));
  command_push(&m->composer, SIMBA_DRAIN);
}

static void run_wave(struct machine* m, struct tile_run* t, struct wave* w) {
  const uint32_t k_step = wave_step(t->at->node, SIMBA_DIM_K);
  const uint32_t first_tile = t->at->at[SIMBA_DIM_K] == 0;
  const uint32_t last_tile = t->at->at[SIMBA_DIM_K] + 1 == t->at->tiles[SIMBA_DIM_K];
  if (first_tile) m->accumulator ^= 1;
  for (uint32_t k = 0; k < t->size[SIMBA_DIM_K]; k += k_step) {
    w->at[SIMBA_DIM_K] = k;
    w->size[SIMBA_DIM_K] = simba_min(k_step, t->size[SIMBA_DIM_K] - k);
    send_weight(m, t, w);
    send_input(m, t, w);
    compute(m, t, w, first_tile && k == 0);
  }
  if (last_tile) drain(m, t, w);
}

// A box of an output: (b, m, bytes of n) of a GEMM; (0, n, k) of rows.
struct box {
  uint32_t start[3], count[3];
};

static void store(struct machine* m, const struct cursor* at, const uint32_t* operand, uint32_t slot, uint32_t rows,
                  const struct box* box) {
  begin(m, at);
  command_set(SIMBA_CMD_VIEW, operand[SIMBA_OPR_VIEW]);
  command_set(SIMBA_CMD_GB, at->in->places[PLACE_OUTPUT + slot].begin);
  const uint32_t bound = at->node[SIMBA_NODE_BOUND];
  const uint32_t offset = operand[SIMBA_OPR_BOUND] ? at->begin * at->node[SIMBA_NODE_PER_VALUE] : 0;
  const uint32_t bytes = rows ? 1 : at->node[SIMBA_NODE_OUTPUT_BYTES];
  const uint32_t in_b = bound == SIMBA_DIM_B, in_1 = rows ? 1 : bound == SIMBA_DIM_M,
                 in_2 = rows ? 0 : bound == SIMBA_DIM_N;
  command_set3(SIMBA_CMD_START, box->start[0] + (in_b ? offset : 0), box->start[1] + (in_1 ? offset : 0),
               box->start[2] + (in_2 ? offset * bytes : 0));
  command_set3(SIMBA_CMD_COUNT, box->count[0], box->count[1], box->count[2]);
  command_results(&m->composer, operand[SIMBA_OPR_RESULTS]);
  command_reads(&m->composer, &at->in->places[PLACE_OUTPUT + slot]);
  if (operand[SIMBA_OPR_OBJECT] != SIMBA_NONE)
    command_writes(&m->composer, &at->in->places[PLACE_OBJECTS + operand[SIMBA_OPR_OBJECT]]);
  command_push(&m->composer, SIMBA_STORE);
}

// Reuse of what the PEs hold reaches from one GB tile of a node run to the next; the state lives across calls.
static struct tile_run enter_tile(struct machine* m, const struct cursor* at) {
  struct tile_run t;
  t.at = at;
  t.weight = operand_at(m, at->node[SIMBA_NODE_WEIGHT]);
  t.input = operand_at(m, at->node[SIMBA_NODE_INPUT]);
  t.output = operand_at(m, at->node[SIMBA_NODE_OUTPUT]);
  for (uint32_t d = 0; d < 4; ++d) {
    t.start[d] = tile_start(at, d);
    t.size[d] = tile_size(at, d);
  }
  const uint32_t first =
      at->at[SIMBA_DIM_B] == 0 && at->at[SIMBA_DIM_M] == 0 && at->at[SIMBA_DIM_N] == 0 && at->at[SIMBA_DIM_K] == 0;
  t.sent = first ? 0 : m->sent;
  for (uint32_t i = 0; i < 3; ++i) {
    t.sent_weight[i] = m->sent_weight[i];
    t.sent_input[i] = m->sent_input[i];
  }
  if (at->at[SIMBA_DIM_K] == 0 && !t.output[SIMBA_OPR_RESIDENT]) at->in->output_slot ^= 1;
  t.output_slot = at->in->output_slot;
  return t;
}

static void leave_tile(struct machine* m, const struct tile_run* t) {
  m->sent = t->sent;
  for (uint32_t i = 0; i < 3; ++i) {
    m->sent_weight[i] = t->sent_weight[i];
    m->sent_input[i] = t->sent_input[i];
  }
}

void issue_gemm_tile(struct machine* m, const struct cursor* at) {
  struct tile_run t = enter_tile(m, at);
  const uint32_t* node = at->node;
  const uint32_t outer = node[SIMBA_NODE_WAVE_ORDER], inner = node[SIMBA_NODE_WAVE_ORDER + 1];
  uint32_t step[3];
  for (uint32_t d = 0; d < 3; ++d) step[d] = wave_step(node, d);
  struct wave w;
  for (uint32_t b = 0; b < t.size[SIMBA_DIM_B]; b += step[SIMBA_DIM_B]) {
    w.at[SIMBA_DIM_B] = b;
    w.size[SIMBA_DIM_B] = simba_min(step[SIMBA_DIM_B], t.size[SIMBA_DIM_B] - b);
    for (uint32_t x = 0; x < t.size[outer]; x += step[outer]) {
      w.at[outer] = x;
      w.size[outer] = simba_min(step[outer], t.size[outer] - x);
      for (uint32_t y = 0; y < t.size[inner]; y += step[inner]) {
        w.at[inner] = y;
        w.size[inner] = simba_min(step[inner], t.size[inner] - y);
        run_wave(m, &t, &w);
      }
    }
  }
  leave_tile(m, &t);
  if (at->at[SIMBA_DIM_K] + 1 == at->tiles[SIMBA_DIM_K] && !t.output[SIMBA_OPR_RESIDENT]) {
    const uint32_t bytes = node[SIMBA_NODE_OUTPUT_BYTES];
    const struct box box = {{t.start[SIMBA_DIM_B], t.start[SIMBA_DIM_M], t.start[SIMBA_DIM_N] * bytes},
                            {t.size[SIMBA_DIM_B], t.size[SIMBA_DIM_M], t.size[SIMBA_DIM_N] * bytes}};
    store(m, at, t.output, t.output_slot, 0, &box);
  }
}

void issue_rows(struct machine* m, const struct cursor* at) {
  const uint32_t* node = at->node;
  const uint32_t* input = operand_at(m, node[SIMBA_NODE_ROW_INPUT]);
  const uint32_t* output = operand_at(m, node[SIMBA_NODE_ROW_OUTPUT]);
  const uint32_t rows = at->extents[SIMBA_DIM_N], columns = node[SIMBA_NODE_COLUMNS];
  struct group_run* g = at->in;
  const uint32_t slot = PLACE_INPUT + at->input_slot;
  uint32_t slot_gb = g->places[slot].begin;
  uint32_t packed = 0;
  begin(m, at);
  command_set(SIMBA_CMD_OP, node[SIMBA_NODE_OP]);
  command_set3(SIMBA_CMD_COUNT, 1, rows, columns);
  command_set(SIMBA_CMD_INPUT_COLUMNS, node[SIMBA_NODE_INPUT_COLUMNS]);
  reads_operand(m, at, input, slot);
  command_set(SIMBA_CMD_VIEW, input[SIMBA_OPR_VIEW]);
  if (input[SIMBA_OPR_RESIDENT]) {
    command_set(SIMBA_CMD_GB, resident_address(at, input));
  } else {
    packed |= SIMBA_PACKED_INPUT;
    command_set(SIMBA_CMD_GB, slot_gb);
    slot_gb += rows * node[SIMBA_NODE_INPUT_COLUMNS];
  }
  if (node[SIMBA_NODE_ROW_RESIDUAL]) {
    const uint32_t* residual = operand_at(m, node[SIMBA_NODE_ROW_RESIDUAL]);
    reads_operand(m, at, residual, slot);
    command_set(SIMBA_CMD_RESIDUAL_VIEW, residual[SIMBA_OPR_VIEW]);
    command_set(SIMBA_CMD_RESIDUAL, (residual[SIMBA_OPR_RESIDENT] ? resident_address(at, residual) : slot_gb) + 1);
    if (!residual[SIMBA_OPR_RESIDENT]) packed |= SIMBA_PACKED_RESIDUAL;
  }
  command_set(SIMBA_CMD_OUTPUT_VIEW, output[SIMBA_OPR_VIEW]);
  if (output[SIMBA_OPR_RESIDENT]) {
    command_set(SIMBA_CMD_OUTPUT, resident_address(at, output));
  } else {
    packed |= SIMBA_PACKED_OUTPUT;
    g->output_slot ^= 1;
    command_set(SIMBA_CMD_OUTPUT, g->places[PLACE_OUTPUT + g->output_slot].begin);
  }
  command_writes(&m->composer, place_of(at, output, PLACE_OUTPUT + g->output_slot));
  command_set(SIMBA_CMD_PACKED, packed);
  command_set(SIMBA_CMD_PARAMETERS, use_parameters(m, at, node[SIMBA_NODE_ROW_PARAMETERS]));
  command_set(SIMBA_CMD_MASK, use_parameters(m, at, node[SIMBA_NODE_ROW_MASK]));
  command_set(SIMBA_CMD_MULTIPLIER_X, node[SIMBA_NODE_MULTIPLIER_X]);
  command_set(SIMBA_CMD_MULTIPLIER_R, node[SIMBA_NODE_MULTIPLIER_R]);
  command_set(SIMBA_CMD_SHIFT, node[SIMBA_NODE_SHIFT]);
  command_push(&m->composer, SIMBA_VECTOR);
  if (packed & SIMBA_PACKED_OUTPUT) {
    const struct box box = {{0, 0, 0}, {1, rows, columns}};
    store(m, at, output, g->output_slot, 1, &box);
  }
}
