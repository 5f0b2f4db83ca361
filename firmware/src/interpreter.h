// The firmware: interprets a program image (simba_abi.h) until its end, then halts the controller.
#ifndef FIRMWARE_SRC_INTERPRETER_H_
#define FIRMWARE_SRC_INTERPRETER_H_

#include <stdint.h>

void firmware_main(const uint32_t* image);

#endif  // FIRMWARE_SRC_INTERPRETER_H_
