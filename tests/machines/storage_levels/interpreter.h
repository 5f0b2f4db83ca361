// Walks a mapping's loop nest step by step and moves every element by itself: what a level holds are sets of elements, what
// it reads, fills and updates are members counted as they pass. Knows no tile sizes, products or runs of loops.
#pragma once

#include <cstdint>
#include <vector>

#include "machines/storage_levels/mapping.h"
#include "machines/storage_levels/problem.h"

namespace heat::test {

struct Walked {
  std::int64_t reads = 0, fills = 0, updates = 0;  // of all instances together
  std::int64_t most = 0;                           // elements that one instance held at a time
  std::int64_t instances = 0;                      // that held anything
};

struct WalkedRun {
  std::vector<std::vector<Walked>> levels;  // [level][tensor]; all zero where it is not kept
  std::int64_t steps = 0, macs = 0;
};

WalkedRun walk(const storage_levels::Problem& problem, const storage_levels::Mapping& mapping);

}  // namespace heat::test
