// Which groups wait for one another, and which are surely over, on every chiplet, when a node writes.
#pragma once

#include "spec/schedule.h"

namespace heat::spec {

// True when `tensor` has a home that group `writer` and group `reader` both use in place, so that no chiplet reads what
// another made.
bool used_where_it_was_made(const Plan& plan, GroupId writer, GroupId reader, TensorId tensor);

// Chiplets go from group to group by themselves; one waits for others only where it reads what an earlier group made on
// them: then that group, and with it every group before it, is over on all of them. What a node writes follows
// from what it reads, so it inherits the waits of the nodes whose results it reads.
class GroupOrder {
 public:
  // The plan may leave nodes out.
  GroupOrder(const Workload& workload, const Plan& plan);
  // The last group that is over on every chiplet before one of them writes a byte of `node`; -1: none.
  std::int32_t over_before(NodeId node) const { return over_[node]; }

 private:
  IdVector<NodeId, std::int32_t> over_;
};

}  // namespace heat::spec
