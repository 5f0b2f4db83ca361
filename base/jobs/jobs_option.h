// How a command farms out its work, as a user says it: --jobs threads[:N] | processes[:N] | slurm[:N], --shard i/n.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/config_reader.h"

namespace heat::base {

enum class JobsBackend {
  kThreads,    // threads of this process
  kProcesses,  // processes of this machine
  kSlurm,      // tasks of a Slurm job array
};

struct JobsOption {
  JobsBackend backend = JobsBackend::kThreads;
  int count = 0;                           // threads, processes or tasks at a time; 0: resolved_count()
  std::vector<std::string> slurm_options;  // passed to sbatch as they are

  // `count`, or where it is 0 the cores of this process; of Slurm, whose size nobody knows here, kSlurmTasks.
  int resolved_count() const;
  // How many threads each job may use without more threads than cores on this machine: all of them go to threads.
  int threads_per_job() const;
  // The threads for what this process does itself beside its jobs (0: all cores): as many as it may have jobs here.
  int own_threads() const { return backend == JobsBackend::kSlurm ? 0 : resolved_count(); }
};
constexpr int kSlurmTasks = 8;

// Reads "threads", "processes:4", "slurm:16"; a plain number is one of `plain`'s. Throws ConfigError that starts with
// `place` and says what was expected.
JobsOption parse_jobs(const std::string& text, JobsBackend plain, const std::string& place);
// The same of a configuration's key, where a plain number is one of fallback's back end; `fallback` without the key.
// Mistakes go to the reader's problems.
JobsOption read_jobs(ConfigReader& r, const std::string& key, const JobsOption& fallback);
// What parse_jobs reads as the same.
std::string jobs_text(const JobsOption& option);

// A part of a list of items, dealt out round robin: part i of n (from 1) has the items k with k mod n = i - 1.
struct Shard {
  int index = 1, count = 1;

  bool is_whole() const { return count == 1; }
  bool owns(std::size_t item) const {
    return item % static_cast<std::size_t>(count) == static_cast<std::size_t>(index - 1);
  }
  std::string text() const { return std::to_string(index) + "/" + std::to_string(count); }
  // "2-of-4", for names of files.
  std::string file_part() const { return std::to_string(index) + "-of-" + std::to_string(count); }
};

// Reads "2/4". Throws ConfigError that starts with `place`.
Shard parse_shard(const std::string& text, const std::string& place);

}  // namespace heat::base
