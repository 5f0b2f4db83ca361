// The checks behind Schedule::load, for producers that want them before writing.
#pragma once

#include <string>

#include "spec/schedule.h"

namespace heat::spec {

// Adds every fault of the problem: products beyond 64 bits, views outside their tensor or at odds with the extents, too
// few parameter bytes, tensors read before they are written. `file` begins every place.
void check_workload(const Workload& workload, const std::string& file, base::Problems& problems);

// The same, and where the workload is sound every fault of the plan: groups that do not list every node once and in
// order, a bound index that is not leading, a home in the global buffer across groups, tiles beyond extents.
void check_structure(const Schedule& schedule, base::Problems& problems);

}  // namespace heat::spec
