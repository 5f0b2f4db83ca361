// Composing commands: registers by name, and the hazards that become wait counts.
#ifndef FIRMWARE_SRC_COMMANDS_H_
#define FIRMWARE_SRC_COMMANDS_H_

#include <stdint.h>

#include "firmware/include/simba_abi.h"

// Commands, by engine, that must be complete.
struct waits {
  uint32_t count[SIMBA_ENGINES];
};

// A piece of storage that commands read and write: a slot, a buffer half, a resident tensor. Of one in the global
// buffer: its bytes.
struct object {
  struct waits readers;  // commands that read its present content
  struct waits writers;  // commands that wrote it
  uint32_t begin, end;
  uint32_t results;  // signals of every chiplet before which others may use it
};

// Objects a command touches at most: DRAIN reads two tensors of parameters and the sums and writes its tile; VECTOR
// reads rows, residual and parameters and writes rows.
#define SIMBA_MAX_TOUCHED 4

// The command under construction and the number of commands issued so far.
struct composer {
  uint32_t issued[SIMBA_ENGINES];
  struct waits waits;
  uint32_t results;
  struct object* touched[SIMBA_MAX_TOUCHED];
  uint8_t touched_writes[SIMBA_MAX_TOUCHED];
  uint32_t touched_count;
  uint32_t halt;  // SIMBA_HALT_DONE, or why nothing is issued any more
};

void command_begin(struct composer* c, uint32_t node, uint32_t step, uint32_t position);
void command_set(uint32_t word, uint32_t value);
void command_set3(uint32_t word, uint32_t x, uint32_t y, uint32_t z);
// The command will read / write `o`: it waits for earlier writers / for earlier readers and writers.
void command_reads(struct composer* c, struct object* o);
void command_writes(struct composer* c, struct object* o);
// Sleeps while the engine's queue is full, then issues. Issues nothing once `halt` is set.
void command_push(struct composer* c, uint32_t engine);
// Commands for the engine that can be pushed without waiting.
uint32_t command_room(uint32_t engine);
// The command will wait until `engine` has completed its first `count` commands.
void command_waits(struct composer* c, uint32_t engine, uint32_t count);
// The command will wait for so many signals of every chiplet.
void command_results(struct composer* c, uint32_t signals);
// Sleeps until every engine has completed everything issued.
void wait_until_drained(const struct composer* c);
// `into` becomes the later of both, engine by engine.
void waits_merge(struct waits* into, const struct waits* from);

#endif  // FIRMWARE_SRC_COMMANDS_H_
