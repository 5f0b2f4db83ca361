// Local processes are items of a parallel loop, each watched by a thread that does nothing else.
#include "base/jobs/run_commands.h"

#include <mutex>

#include "base/errors.h"
#include "base/jobs/command_failure.h"
#include "base/jobs/parallel_for.h"
#include "base/jobs/process.h"
#include "base/jobs/slurm.h"

namespace heat::base {
namespace {

void run_locally(const std::vector<JobCommand>& commands, const RunCommandsOptions& options) {
  std::mutex mutex;
  std::size_t done = 0;
  const auto run = [&](std::size_t item, int) {
    ProcessResult result;
    for (int attempt = 0; attempt == 0 || (attempt < options.attempts && result.was_killed()); ++attempt)
      result = run_process(commands[item].arguments);
    if (result.status != 0) throw_command_failure(commands[item], result.status, result.error);
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(done, commands.size());
  };
  if (!parallel_for(commands.size(), options.jobs.resolved_count(), run, interrupted))
    throw Error("stopped after " + std::to_string(done) + " of " + std::to_string(commands.size()) + " jobs");
}

}  // namespace

void run_commands(const std::vector<JobCommand>& commands, const RunCommandsOptions& options) {
  if (commands.empty()) return;
  switch (options.jobs.backend) {
    case JobsBackend::kThreads:
    case JobsBackend::kProcesses:
      return run_locally(commands, options);
    case JobsBackend::kSlurm:
      return run_slurm_array(commands, options);
  }
  throw std::logic_error("jobs: no such back end");
}

}  // namespace heat::base
