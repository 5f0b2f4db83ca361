// Walks groups, steps, nodes and tiles. Loads run one tile ahead of the rest, so that the load engine fetches the next
// tile (of this node, the next node or the next step) while the PEs work on the present one; the two slots of each
// operand bound how far ahead that can get.
#include "firmware/src/interpreter.h"

#include "firmware/hal/hal.h"
#include "firmware/src/machine.h"

static uint32_t same_node_run(const struct cursor* x, const struct cursor* y) {
  return x->valid && y->valid && x->step == y->step && x->position == y->position;
}

static void run_group(struct machine* m) {
  m->share_begin = simba_share_begin(m->group[SIMBA_GRP_EXTENT], m->chiplets, m->chiplet);
  m->parameter_content[0] = m->parameter_content[1] = SIMBA_NONE;
  struct cursor ahead;
  ahead.step = 0;
  ahead.loads_done = 0;
  ahead.weight_slot = ahead.input_slot = ahead.parameter_slot = 0;
  cursor_enter_step(m, &ahead);
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
    cursor_advance(m, &ahead);
    if (ahead.valid && !must_defer(m, &ahead)) issue_loads(m, &ahead, same_node_run(&ahead, &now) ? &now : 0);
    if (now.node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM)
      issue_gemm_tile(m, &now);
    else
      issue_rows(m, &now);
    previous = now;
  }
}

void firmware_main(const uint32_t* image) {
  if (image[SIMBA_IMG_MAGIC] != SIMBA_IMAGE_MAGIC || image[SIMBA_IMG_VERSION] != SIMBA_IMAGE_VERSION) {
    mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_HALT, SIMBA_HALT_FOREIGN_IMAGE);
    return;
  }
  struct machine m = {0};
  m.image = image;
  m.chiplet = mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_CHIPLET);
  m.chiplets = mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_CHIPLETS);
  for (uint32_t g = 0; g < image[SIMBA_IMG_GROUPS]; ++g) {
    m.group = image + image[image[SIMBA_IMG_GROUP_TABLE] + g];
    run_group(&m);
    if (m.composer.halt != SIMBA_HALT_DONE) break;
    wait_until_drained(&m.composer);
    mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_BARRIER, g);
    while (mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_BARRIER) <= g) wait_for_interrupt();
  }
  mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_HALT, m.composer.halt);
}
