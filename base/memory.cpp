// Physical memory: an allocator that overcommits says nothing until the pages are touched.
#include "base/memory.h"

#include <unistd.h>

#include <cstdio>

#include "base/errors.h"

namespace heat::base {
namespace {

std::string shown(double bytes) {
  const char* units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < std::size(units)) {
    bytes /= 1000;
    ++unit;
  }
  char text[64];
  std::snprintf(text, sizeof text, "%.3g %s", bytes, units[unit]);
  return text;
}

}  // namespace

double machine_memory_bytes() {
  return static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

void require_memory(double bytes, const std::string& what) {
  const double have = machine_memory_bytes();
  if (bytes > have)
    throw ConfigError(what + ": needs about " + shown(bytes) + " of memory, this machine has " + shown(have));
}

}  // namespace heat::base
