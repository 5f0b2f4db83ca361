// A command carries, for each engine, how many of that engine's commands must be complete before it may start. The
// counts follow from what the command touches: reading waits for the last writers (true dependence), writing waits for
// the last readers and writers (reuse of storage).
#include "firmware/src/commands.h"

#include "firmware/hal/hal.h"

void waits_merge(struct waits* into, const struct waits* from) {
  for (uint32_t e = 0; e < SIMBA_ENGINES; ++e)
    if (from->count[e] > into->count[e]) into->count[e] = from->count[e];
}

void command_begin(struct composer* c, uint32_t node, uint32_t step, uint32_t position) {
  for (uint32_t e = 0; e < SIMBA_ENGINES; ++e) c->waits.count[e] = 0;
  c->results = 0;
  c->touched_count = 0;
  command_set3(SIMBA_CMD_NODE, node, step, position);
}

void command_set(uint32_t word, uint32_t value) {
  mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_COMMAND + 4 * word, value);
}

void command_set3(uint32_t word, uint32_t x, uint32_t y, uint32_t z) {
  command_set(word, x);
  command_set(word + 1, y);
  command_set(word + 2, z);
}

// A command that touches more than the composer keeps account of would lose a hazard: the firmware gives up.
static void touch(struct composer* c, struct object* o, uint8_t writes) {
  if (c->touched_count == SIMBA_MAX_TOUCHED) {
    c->halt = SIMBA_HALT_TOUCHES;
    return;
  }
  c->touched[c->touched_count] = o;
  c->touched_writes[c->touched_count] = writes;
  ++c->touched_count;
}

void command_reads(struct composer* c, struct object* o) {
  waits_merge(&c->waits, &o->writers);
  touch(c, o, 0);
}

void command_writes(struct composer* c, struct object* o) {
  waits_merge(&c->waits, &o->writers);
  waits_merge(&c->waits, &o->readers);
  command_results(c, o->results);
  touch(c, o, 1);
}

void command_results(struct composer* c, uint32_t signals) {
  if (signals > c->results) c->results = signals;
}

void command_waits(struct composer* c, uint32_t engine, uint32_t count) {
  if (count > c->waits.count[engine]) c->waits.count[engine] = count;
}

uint32_t command_room(uint32_t engine) {
  return mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_QUEUE_FREE + 4 * engine);
}

void command_push(struct composer* c, uint32_t engine) {
  if (c->halt != SIMBA_HALT_DONE) return;
  for (uint32_t e = 0; e < SIMBA_ENGINES; ++e)
    if (c->waits.count[e] != 0) command_set(SIMBA_CMD_WAIT + e, c->waits.count[e]);
  if (c->results != 0) command_set(SIMBA_CMD_RESULTS, c->results);
  const uint32_t number = ++c->issued[engine];
  for (uint32_t i = 0; i < c->touched_count; ++i) {
    struct object* o = c->touched[i];
    if (c->touched_writes[i])
      o->writers.count[engine] = number;
    else
      o->readers.count[engine] = number;
  }
  while (command_room(engine) == 0) wait_for_interrupt();
  mmio_write32(SIMBA_MMIO_BASE + SIMBA_REG_PUSH, engine);
}

void wait_until_drained(const struct composer* c) {
  for (uint32_t e = 0; e < SIMBA_ENGINES; ++e)
    while (mmio_read32(SIMBA_MMIO_BASE + SIMBA_REG_DONE + 4 * e) != c->issued[e]) wait_for_interrupt();
}
