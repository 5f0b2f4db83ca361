// Command lines, farmed out: on this machine or as a Slurm job array.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"

namespace heat::base {

struct JobCommand {
  std::string name;                    // in messages
  std::vector<std::string> arguments;  // the first is the program
};

struct RunCommandsOptions {
  JobsOption jobs;
  // Of Slurm: for the array's script and what its tasks write, on a file system that the nodes share. Everything in it
  // belongs to run_commands.
  std::string folder;
  // A command is started at most so often: again after a signal ended it, under Slurm after any end but success and
  // bad usage.
  int attempts = 3;
  // Called with the number of finished commands and of all; from one thread at a time.
  std::function<void(std::size_t done, std::size_t all)> progress;
};

// Runs every command and waits. They must be such that a second start is harmless: whoever is killed is started again,
// and after a kill of this process all of them are. Threads and processes mean the same here: so many at a time.
// SIGINT and SIGTERM (interrupt.h) end the children, or cancel the array, within seconds. Throws Error for the first
// command that failed, with its status and what it wrote to stderr.
void run_commands(const std::vector<JobCommand>& commands, const RunCommandsOptions& options);

}  // namespace heat::base
