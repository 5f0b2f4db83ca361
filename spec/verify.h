// The static verifier of what a schedule promises the machine, beyond the form of its file: that every byte that is
// read was written before, once, where the reader finds it. Every reader of a schedule runs it (check_structure).
//
// What holds the promise, and so what a schedule must keep to:
//   - A node writes every byte of the tensor it writes exactly once, and nobody else writes it.
//   - Inside a group, chiplets and steps follow no order among one another: a node reads of what its group writes only
//     what was written at the same value of every index that divides the group's work.
//   - A tensor in the global buffer is either divided by the group's index for all nodes of the group or for none.
//   - Tensors in DRAM share bytes only when they are never alive together: given ones live from the start to the last
//     group that reads them, the network's outputs from the group that writes them to the end, others between the two.
//     Nodes of one group run side by side, so a group counts as one moment; and who takes over bytes must know that all
//     chiplets are done with them (spec/group_order.h).
// A node's access is its view: the bytes of a tensor as a linear function of its indices, and with that of the chiplet
// and step that the values of a dividing index stand for. All in closed form over strides and sizes
// (spec/view_bytes.h), exact, and linear in nodes.
#pragma once

#include "spec/schedule.h"

namespace heat::spec {

// Adds every fault of the data flow: who writes, who reads, across which shares and steps. The workload's own checks
// (check_workload) must have found nothing.
void verify_data_flow(const Schedule& schedule, base::Problems& problems);

// Adds every fault of 32-bit sums: bytes that do not lie together, sums that no reduction reads, reductions of other data.
void verify_sums(const Workload& workload, const std::string& file, base::Problems& problems);

// Adds every fault of the addresses: no multiple of kDmaBlockBytes, ranges that overlap while alive.
void verify_dram_ranges(const Schedule& schedule, base::Problems& problems);

// Adds every tensor that ends beyond a DRAM of `capacity` bytes. Where a machine is known: a schedule names none.
void verify_dram_capacity(const Schedule& schedule, std::int64_t capacity, base::Problems& problems);

}  // namespace heat::spec
