// Which tensors live in the global buffers across groups, and where.
#pragma once

#include <vector>

#include "machines/machine.h"
#include "offline/schedule/network.h"

namespace heat::offline {

// Homes (spec/plan.h) below address `limit` of every global buffer, for intermediate tensors that all their users divide
// alike: each of them binds (network.bounds) an index of the same extent, and it is the tensor's outermost axis. Of at most
// a third of the limit: of larger ones a group that makes and uses them can keep a step's part. Those that save most traffic for the time that they take room come first; each gets the lowest address that is free from
// the node that writes it to the last that reads it. In the order of the nodes that write them. Deterministic.
std::vector<spec::Home> choose_homes(const Network& network, const machines::Machine& machine, std::int64_t limit);

}  // namespace heat::offline
