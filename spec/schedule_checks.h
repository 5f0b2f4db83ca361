// The checks behind Schedule::load, for producers that want them before writing.
#pragma once

#include "spec/schedule.h"

namespace heat::spec {

// Adds every structural fault: views outside their tensor or at odds with the extents, groups that do not list every
// node once and in order, a bound index that is not leading, a home in the global buffer across groups, too few
// parameter bytes.
void check_structure(const Schedule& schedule, base::Problems& problems);

}  // namespace heat::spec
