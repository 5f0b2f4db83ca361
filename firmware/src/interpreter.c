// Walks groups, steps, nodes and tiles. Loads run ahead of the rest, so that the load engine fetches the next
// tiles (of this node, the next nodes, the next step or the next group) while the PEs work on the present one; the
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

// Puts the tile behind the last one among those under way; 0: there is none yet. Groups under way are two, so a third
// begins when the first is issued.
static uint32_t append_tile(struct machine* m, struct under_way* tiles) {
  struct cursor* last = &tiles->tiles[tiles->count - 1];
  struct cursor* next = last + 1;
  *next = *last;
  if (!cursor_advance(m, next)) {
    if (tiles->tiles[0].in != last->in) return 0;
    cursor_enter_group(m, next, last->in->number + 1);
    if (!next->valid) return 0;
  }
  ++tiles->count;
  return 1;
}

static void load_ahead(struct machine* m, struct under_way* tiles) {
  while (issue_loads(m, tiles, tiles->count - 1) && tiles->count <= m->tiles_ahead && append_tile(m, tiles)) {
  }
}

static void run(struct machine* m) {
  m->tiles_ahead = simba_tiles_ahead(command_room(SIMBA_LOAD));  // the queue is empty
  struct under_way tiles = {0};
  cursor_enter_group(m, &tiles.tiles[0], 0);
  tiles.count = tiles.tiles[0].valid;
  while (tiles.count != 0 && m->composer.halt == SIMBA_HALT_DONE) {
    struct cursor* now = &tiles.tiles[0];
    signal_groups(m, now->in->number, tiles.before.load_number);
    load_ahead(m, &tiles);
    if (now->node[SIMBA_NODE_KIND] == SIMBA_KIND_GEMM)
      issue_gemm_tile(m, now);
    else
      issue_rows(m, now);
    const struct cursor* last = &tiles.tiles[tiles.count - 1];
    if (last->in != now->in) group_inherits(last->in, now->in);
    tiles.before = *now;
    for (uint32_t i = 1; i < tiles.count; ++i) tiles.tiles[i - 1] = tiles.tiles[i];
    --tiles.count;
  }
  signal_groups(m, m->image[SIMBA_IMG_GROUPS], tiles.before.load_number);
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
