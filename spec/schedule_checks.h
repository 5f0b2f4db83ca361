// The checks behind Schedule::load, for producers that want them before writing.
#pragma once

#include <optional>
#include <string>

#include "spec/schedule.h"

namespace heat::spec {

// Adds every fault of the problem: products beyond 64 bits, views outside their tensor or at odds with the extents, too
// few parameter bytes, an index twice, tensors read before they are written. `file` begins every place. False when sizes
// are so large that no arithmetic on the workload is safe.
bool check_workload(const Workload& workload, const std::string& file, base::Problems& problems);

// The same, and every fault of the plan: groups that do not list every node once and in order, a bound index that is not
// leading, a home in the global buffer across groups, tiles beyond extents; and what the verifier finds (spec/verify.h).
bool check_structure(const Schedule& schedule, base::Problems& problems);

// Schedule::load with the problems added instead of thrown. Nothing when the file's form is at fault or its sizes are
// too large to work with.
std::optional<Schedule> read_schedule(const std::string& path, base::Problems& problems);

}  // namespace heat::spec
