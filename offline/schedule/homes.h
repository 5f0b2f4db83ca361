// Which tensors live in the global buffers across groups, and where.
#pragma once

#include <vector>

#include "machines/machine.h"
#include "offline/schedule/network.h"

namespace heat::offline {

struct HomeSpace {
  std::int64_t limit = 0;  // bytes of every global buffer that homes may lie in; 0: there are none
  int chiplets = 0;        // over which they are divided; 0: all
};

// Homes (spec/plan.h) for intermediate tensors whose shares take at most a third of the space: of larger ones a group that
// makes and uses them can keep a step's part. Those that save most traffic for the time that they take room come first;
// each gets the lowest address that is free from the node that writes it to the last that reads it. In the order of the
// nodes that write them. Deterministic.
std::vector<spec::Home> choose_homes(const Network& network, const machines::Machine& machine, const HomeSpace& space);

}  // namespace heat::offline
