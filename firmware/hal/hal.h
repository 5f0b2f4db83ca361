// What differs between a host build and the RV32 core: access to the registers, and sleep.
#ifndef FIRMWARE_HAL_HAL_H_
#define FIRMWARE_HAL_HAL_H_

#include <stdint.h>

uint32_t mmio_read32(uint32_t address);
void mmio_write32(uint32_t address, uint32_t value);
// Sleeps until the hardware raises the interrupt: a queue has room, an engine completed a command. May return early;
// callers check their condition again.
void wait_for_interrupt(void);

#endif  // FIRMWARE_HAL_HAL_H_
