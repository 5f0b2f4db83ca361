// Walks groups, steps, nodes and tiles. Loads run one tile ahead of the rest, so that the load engine fetches the next
// tile (of this node, the next node or the next step) while the PEs work on the present one; the two slots of each
// operand bound how far ahead that can get.
#include "firmware/src/interpreter.h"

#include "firmware/hal/hal.h"
#include "firmware/src/machine.h"

uint32_t share_begin_of(const struct machine* m, uint32_t c) {
  const uint32_t extent = m->group[SIMBA_GRP_EXTENT];
  return min_u32(extent, ceil_div_u32(extent, m->chiplets) * c);
}

uint32_t share_size_of(const struct machine* m, uint32_t c) {
  return share_begin_of(m, c + 1) - share_begin_of(m, c);
}

uint32_t step_size_of(const struct machine* m, uint32_t c, uint32_t step) {
  const uint32_t share = share_size_of(m, c);
  const uint32_t first = step * m->group[SIMBA_GRP_STEP];
  return first >= share ? 0 : min_u32(m->group[SIMBA_GRP_STEP], share - first);
}

uint32_t participants(const struct machine* m, const struct cursor* at, uint32_t element) {
  uint32_t count = 0;
  while (count < m->chiplets && step_size_of(m, count, at->step) * at->node[SIMBA_NODE_PER_VALUE] > element) ++count;
  return count;
}

uint32_t tile_start(const struct cursor* at, uint32_t dim) {
  return at->at[dim] * at->node[SIMBA_NODE_GB_TILE + dim];
}

uint32_t tile_size(const struct cursor* at, uint32_t dim) {
  return min_u32(at->node[SIMBA_NODE_GB_TILE + dim], at->extents[dim] - tile_start(at, dim));
}

// Places the cursor on the first tile of its node.
static void enter_node(const struct machine* m, struct cursor* at) {
  at->node = m->image + m->image[m->group[SIMBA_GRP_NODE_TABLE] + at->position];
  const uint32_t gemm = at->node[SIMBA_NODE_KIND] == 0;
  for (uint32_t d = 0; d < 4; ++d) {
    at->at[d] = 0;
    at->tiles[d] = 1;
    at->extents[d] = gemm ? at->node[SIMBA_NODE_EXTENTS + d] : 1;
  }
  at->extents[at->node[SIMBA_NODE_BOUND]] = at->size * at->node[SIMBA_NODE_PER_VALUE];
  if (gemm)
    for (uint32_t d = 0; d < 4; ++d) at->tiles[d] = ceil_div_u32(at->extents[d], at->node[SIMBA_NODE_GB_TILE + d]);
}

static void enter_step(const struct machine* m, struct cursor* at) {
  at->size = step_size_of(m, m->chiplet, at->step);
  at->begin = m->share_begin + at->step * m->group[SIMBA_GRP_STEP];
  at->position = 0;
  at->valid = at->size != 0;
  if (at->valid) enter_node(m, at);
}

// The next tile: k innermost, then gb_order from the inside, then the next node, then the next step.
static void advance(const struct machine* m, struct cursor* at) {
  at->loads_done = 0;
  if (++at->at[DIM_K] < at->tiles[DIM_K]) return;
  at->at[DIM_K] = 0;
  if (at->node[SIMBA_NODE_KIND] == 0) {
    for (uint32_t i = 3; i-- > 0;) {
      const uint32_t d = at->node[SIMBA_NODE_GB_ORDER + i];
      if (++at->at[d] < at->tiles[d]) return;
      at->at[d] = 0;
    }
  }
  if (++at->position < m->group[SIMBA_GRP_NODES]) {
    enter_node(m, at);
    return;
  }
  ++at->step;
  enter_step(m, at);
}

static uint32_t same_node_run(const struct cursor* x, const struct cursor* y) {
  return x->valid && y->valid && x->step == y->step && x->position == y->position;
}

static void run_group(struct machine* m) {
  m->share_begin = share_begin_of(m, m->chiplet);
  m->parameter_content[0] = m->parameter_content[1] = SIMBA_NONE;
  struct cursor ahead;
  ahead.step = 0;
  ahead.loads_done = 0;
  ahead.weight_slot = ahead.input_slot = ahead.parameter_slot = 0;
  enter_step(m, &ahead);
  if (!ahead.valid) return;
  issue_pinned(m, &ahead, 1);
  struct cursor previous = ahead;
  previous.valid = 0;
  uint32_t pinned_step = SIMBA_NONE;  // step whose pinned shares were issued
  while (ahead.valid) {
    if (ahead.step != pinned_step) {
      issue_pinned(m, &ahead, 0);
      pinned_step = ahead.step;
    }
    if (!ahead.loads_done) issue_loads(m, &ahead, same_node_run(&ahead, &previous) ? &previous : 0);
    struct cursor now = ahead;
    advance(m, &ahead);
    if (ahead.valid && !must_defer(m, &ahead)) issue_loads(m, &ahead, same_node_run(&ahead, &now) ? &now : 0);
    if (now.node[SIMBA_NODE_KIND] == 0)
      issue_gemm_tile(m, &now);
    else
      issue_rows(m, &now);
    previous = now;
  }
}

void firmware_main(const uint32_t* image) {
  if (image[SIMBA_IMG_MAGIC] != SIMBA_IMAGE_MAGIC || image[SIMBA_IMG_VERSION] != SIMBA_IMAGE_VERSION) {
    mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_HALT, 1);
    return;
  }
  struct machine m = {0};
  m.image = image;
  m.chiplet = mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_CHIPLET);
  m.chiplets = mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_CHIPLETS);
  for (uint32_t g = 0; g < image[SIMBA_IMG_GROUPS]; ++g) {
    m.group = image + image[image[SIMBA_IMG_GROUP_TABLE] + g];
    run_group(&m);
    wait_until_drained(&m.composer);
    mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_BARRIER, g);
    while (mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_BARRIER) <= g) wait_for_interrupt();
  }
  mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_HALT, 0);
}
