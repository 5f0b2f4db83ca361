// Memory that an input asks for, against what the machine has: refused by name before it is allocated.
#pragma once

#include <string>

namespace heat::base {

// Bytes of the machine's memory.
double machine_memory_bytes();

// Throws ConfigError "<what>: needs about 8.5 EB of memory, this machine has ..." when `bytes` are more than that.
void require_memory(double bytes, const std::string& what);

}  // namespace heat::base
