// Slurm's back end of run_commands.
#pragma once

#include <string>
#include <vector>

#include "base/jobs/run_commands.h"

namespace heat::base {

// Deals the commands out over the tasks of one job array (jobs.count of them, else one a command, at most 1000: Slurm's
// default MaxArraySize), submits it with sbatch and jobs.slurm_options, and asks squeue until it has ended. What is not
// done then goes into a further array. An array that an earlier, killed run left in `folder` is cancelled first. Needs
// sbatch, squeue and scancel in PATH, and no accounting. Contract as run_commands.
void run_slurm_array(const std::vector<JobCommand>& commands, const RunCommandsOptions& options);

}  // namespace heat::base
