// Host HAL: the registers are functions of the simulator. Several firmware instances may run as coroutines of one OS
// thread: every call hands the bus it entered with back to the global when it returns.
#ifndef FIRMWARE_HAL_HOST_HOST_HAL_H_
#define FIRMWARE_HAL_HOST_HOST_HAL_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct simba_host_bus {
  void* self;
  uint32_t (*read)(void* self, uint32_t address);
  void (*write)(void* self, uint32_t address, uint32_t value);
  void (*wait)(void* self);
};

// Runs the firmware on `bus` until it halts. `image` is the controller's memory that holds the program image.
void simba_host_run(const struct simba_host_bus* bus, const uint32_t* image);

#ifdef __cplusplus
}
#endif

#endif  // FIRMWARE_HAL_HOST_HOST_HAL_H_
