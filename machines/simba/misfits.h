// What of a schedule a Simba machine has no room for.
#pragma once

#include <string>
#include <vector>

#include "spec/arch_spec.h"
#include "spec/schedule.h"

namespace heat::machines::simba {

// Everything about a schedule that does not fit `arch`: name, homes beyond the global buffer or over one another, tiles
// beyond buffers (gb_layout.h), spatial split beyond the PEs. Empty when it fits. (Sums beyond the accumulator depend on the data: the simulator reports them.)
std::vector<std::string> misfits(const spec::Schedule& schedule, const spec::ArchSpec& arch);
// The same of one group.
std::vector<std::string> group_misfits(const spec::Workload& workload, const spec::FusedGroup& group,
                                       const spec::ArchSpec& arch);

}  // namespace heat::machines::simba
