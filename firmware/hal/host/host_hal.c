// The current bus is a global because the firmware knows no context argument; a call that blocks (the simulator
// switches to another coroutine) restores it before it returns.
#include "firmware/hal/host/host_hal.h"

#include "firmware/hal/hal.h"
#include "firmware/src/interpreter.h"

static const struct simba_host_bus* current_bus;

uint32_t mmio_read32(uint32_t address) {
  const struct simba_host_bus* bus = current_bus;
  const uint32_t value = bus->read(bus->self, address);
  current_bus = bus;
  return value;
}

void mmio_write32(uint32_t address, uint32_t value) {
  const struct simba_host_bus* bus = current_bus;
  bus->write(bus->self, address, value);
  current_bus = bus;
}

void wait_for_interrupt(void) {
  const struct simba_host_bus* bus = current_bus;
  bus->wait(bus->self);
  current_bus = bus;
}

void simba_host_run(const struct simba_host_bus* bus, const uint32_t* image) {
  current_bus = bus;
  firmware_main(image);
}
