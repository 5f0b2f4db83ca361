// A shard is this very command with one option more, so that whatever another option means is the same in every part.
#include "offline/cli/jobs_options.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "base/errors.h"
#include "base/jobs/run_commands.h"

namespace heat::offline::cli {

void JobsArguments::add_to(boost::program_options::options_description& list) {
  namespace po = boost::program_options;
  list.add_options()(
      "jobs", po::value(&jobs),
      "threads[:N], processes[:N] or slurm[:N]: who does the work; changes no result (docs/clusters.md)")(
      "slurm-options", po::value(&slurm_options), "for sbatch, as one text: \"-p long -t 2:00:00 -c 2\"")(
      "shard", po::value(&shard), "i/n: do part i of n and leave it for heat-offline merge");
}

base::JobsOption JobsArguments::resolve_jobs(const base::JobsOption& fallback) const {
  base::JobsOption option = jobs.empty() ? fallback : base::parse_jobs(jobs, fallback.backend, "--jobs");
  std::istringstream words(slurm_options);
  for (std::string word; words >> word;) option.slurm_options.push_back(word);
  if (!slurm_options.empty() && option.backend != base::JobsBackend::kSlurm)
    throw base::ConfigError("--slurm-options: expected only with --jobs slurm");
  return option;
}

base::Shard JobsArguments::resolve_shard() const {
  return shard.empty() ? base::Shard{} : base::parse_shard(shard, "--shard");
}

void run_shards(const std::vector<std::string>& command_line, const std::vector<std::string>& without,
                const base::JobsOption& jobs, const std::string& folder) {
  std::vector<std::string> line{std::filesystem::read_symlink("/proc/self/exe").string()};
  for (std::size_t i = 0; i < command_line.size(); ++i) {
    const std::string& word = command_line[i];
    const auto is_word = [&](const std::string& name) { return word == name; };
    const auto is_assignment = [&](const std::string& name) { return word.rfind(name + "=", 0) == 0; };
    if (std::any_of(without.begin(), without.end(), is_word))
      ++i;  // and its value
    else if (std::none_of(without.begin(), without.end(), is_assignment))
      line.push_back(word);
  }
  const int threads = jobs.threads_per_job();
  line.insert(line.end(), {"--jobs", base::jobs_text({base::JobsBackend::kThreads, threads, {}}), "--shard"});
  std::vector<base::JobCommand> commands;
  for (int i = 1; i <= jobs.resolved_count(); ++i) {
    const std::string shard = base::Shard{i, jobs.resolved_count()}.text();
    commands.push_back({"part " + shard, line});
    commands.back().arguments.push_back(shard);
  }
  base::RunCommandsOptions options;
  options.jobs = jobs;
  options.folder = folder;
  options.progress = [](std::size_t done, std::size_t all) {
    std::fprintf(stderr, "[%zu/%zu] parts done\n", done, all);
  };
  base::run_commands(commands, options);
}

}  // namespace heat::offline::cli
