// Walks groups, steps, nodes and tiles. Loads run one tile ahead of the rest, so that the load engine fetches the next
// tile (of this node, the next node, the next step or the next group) while the PEs work on the present one; the two
// slots of each operand bound how far ahead that can get.
#include "firmware/src/interpreter.h"

#include "firmware/hal/hal.h"
#include "firmware/src/machine.h"

// The groups before `end` are issued here: those that others wait for signal when their results are in place and their
// `loads` first LOAD commands (others may overwrite what those read) are done.
static void signal_groups(struct machine* m, uint32_t end, uint32_t loads) {
  for (; m->next_signal < end; ++m->next_signal) {
    const uint32_t* words = group_words(m, m->next_signal);
    if (!words[SIMBA_GRP_SIGNAL]) continue;
    const uint32_t last = words[SIMBA_GRP_NODES] - 1;
    const uint32_t* node = m->image + m->image[words[SIMBA_GRP_NODE_TABLE] + last];
    command_begin(&m->composer, node[SIMBA_NODE_ID], 0, last);
    command_waits(&m->composer, SIMBA_LOAD, loads);
    for (uint32_t e = SIMBA_LOAD + 1; e < SIMBA_SIGNAL; ++e) command_waits(&m->composer, e, m->composer.issued[e]);
    command_push(&m->composer, SIMBA_SIGNAL);
    ++m->signals;
  }
}

static void run(struct machine* m) {
  const uint32_t groups = m->image[SIMBA_IMG_GROUPS];
  struct cursor ahead = {0};
  cursor_enter_group(m, &ahead, 0);
  struct cursor now = {0};
  while (ahead.valid && m->composer.halt == SIMBA_HALT_DONE) {
    signal_groups(m, ahead.in->number, now.load_number);
    issue_loads(m, &ahead, &now, 0);
    ahead.load_number = m->composer.issued[SIMBA_LOAD];
    now = ahead;
    cursor_advance(m, &ahead);
    if (ahead.valid) issue_loads(m, &ahead, &now, 1);
    if (now.node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM)
      issue_gemm_tile(m, &now);
    else
      issue_rows(m, &now);
    if (ahead.valid && ahead.in != now.in) group_inherits(ahead.in, now.in);
  }
  signal_groups(m, groups, now.load_number);
}

void firmware_main(const uint32_t* image) {
  if (image[SIMBA_IMG_MAGIC] != SIMBA_IMAGE_MAGIC || image[SIMBA_IMG_VERSION] != SIMBA_IMAGE_VERSION) {
    mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_HALT, SIMBA_HALT_FOREIGN_IMAGE);
    return;
  }
  struct machine m = {0};
  m.image = image;
  m.chiplet = mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_CHIPLET);
  if (m.chiplet < image[SIMBA_IMG_CHIPLETS]) run(&m);
  if (m.composer.halt == SIMBA_HALT_DONE) wait_until_drained(&m.composer);
  mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_HALT, m.composer.halt);
}
