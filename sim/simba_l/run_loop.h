// Runs the kernel until the schedule is done, in slices of simulated time, and looks between two slices whether the run
// can and may go on. Nothing of this costs the kernel an event.
//
// A deadlock is found by its cause: nothing is to come by itself (Pending) and no process is runnable, so no unit can be
// woken any more, whatever else (the DRAM's refresh) keeps the kernel busy.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sim/simba_l/deadlock.h"
#include "sim/simba_l/run_context.h"

namespace heat::simba {

constexpr std::int64_t kSliceCycles = 8192;  // some milliseconds of host time

// What the loop asks the machine.
struct RunQuestions {
  std::function<bool()> finished;
  std::function<std::vector<Blocked>()> blocked;  // asked once nothing is under way
};

// Returns when the machine has finished. Throws the error that stopped the run; ScheduleError for a deadlock, with the
// chain of causes; Error past RunOptions::max_cycles; whatever RunOptions::watch throws.
void run_to_end(const RunContext& context, const RunQuestions& machine);

// "cycle 1234, 7 of 12 nodes done, at node 'x'"
std::string progress_text(const RunProgress& progress, const spec::Schedule& schedule);

}  // namespace heat::simba
