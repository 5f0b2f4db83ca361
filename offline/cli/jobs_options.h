// --jobs, --slurm-options and --shard, the same on every command that farms out work (docs/clusters.md).
#pragma once

#include <boost/program_options.hpp>
#include <functional>
#include <string>
#include <vector>

#include "base/jobs/jobs_option.h"

namespace heat::offline::cli {

// The options as text, until resolve() has checked them.
struct JobsArguments {
  std::string jobs, slurm_options, shard;

  void add_to(boost::program_options::options_description& list);
  // --jobs with --slurm-options, else `fallback`. A plain number is one of fallback's back end. Throws ConfigError.
  base::JobsOption resolve_jobs(const base::JobsOption& fallback) const;
  // --shard, else the whole. Throws ConfigError.
  base::Shard resolve_shard() const;
};

// Runs this command line once a shard, jobs.resolved_count() of them: with --shard i/n --jobs threads:N in place of the
// options of `without` (names with their dashes; each has a value). `folder` as in base/jobs/run_commands.h.
void run_shards(const std::vector<std::string>& command_line, const std::vector<std::string>& without,
                const base::JobsOption& jobs, const std::string& folder);

}  // namespace heat::offline::cli
