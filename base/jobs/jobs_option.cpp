// One grammar for every command, so that a typing mistake is named and never taken for another back end.
#include "base/jobs/jobs_option.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/errors.h"
#include "base/jobs/parallel_for.h"

namespace heat::base {
namespace {

constexpr int kMost = 4096;

// A whole decimal number from 1 to kMost.
std::optional<int> number(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > kMost) return std::nullopt;
  return value;
}

struct BackendName {
  const char* name;
  JobsBackend backend;
};
constexpr BackendName kNames[] = {
    {"threads", JobsBackend::kThreads}, {"processes", JobsBackend::kProcesses}, {"slurm", JobsBackend::kSlurm}};

std::optional<JobsOption> jobs_from(const std::string& text, JobsBackend plain) {
  JobsOption option;
  if (const auto n = number(text)) {
    option.backend = plain;
    option.count = *n;
    return option;
  }
  const std::size_t colon = text.find(':');
  const std::string word = text.substr(0, colon);
  const auto* name = std::find_if(std::begin(kNames), std::end(kNames), [&](const auto& n) { return word == n.name; });
  const auto n = colon == std::string::npos ? std::optional(0) : number(text.substr(colon + 1));
  if (name == std::end(kNames) || !n) return std::nullopt;
  option.backend = name->backend;
  option.count = *n;
  return option;
}

std::string unlike_jobs(const std::string& text) {
  return "'" + text + "': expected threads[:N], processes[:N], slurm[:N] or N, with N from 1 to " +
         std::to_string(kMost);
}

}  // namespace

int JobsOption::resolved_count() const {
  if (count > 0) return count;
  switch (backend) {
    case JobsBackend::kThreads:
    case JobsBackend::kProcesses:
      return thread_count(0);
    case JobsBackend::kSlurm:
      return kSlurmTasks;
  }
  throw std::logic_error("jobs: no such back end");
}

int JobsOption::threads_per_job() const {
  switch (backend) {
    case JobsBackend::kThreads:
      return resolved_count();
    case JobsBackend::kProcesses:
      return std::max(1, thread_count(0) / resolved_count());
    case JobsBackend::kSlurm:
      return 0;  // the task's own machine knows
  }
  throw std::logic_error("jobs: no such back end");
}

JobsOption parse_jobs(const std::string& text, JobsBackend plain, const std::string& place) {
  const auto option = jobs_from(text, plain);
  if (!option) throw ConfigError(place + ": " + unlike_jobs(text));
  return *option;
}

JobsOption read_jobs(ConfigReader& r, const std::string& key, const JobsOption& fallback) {
  if (!r.has(key)) return fallback;
  const std::string text = r.text(key);
  const auto option = jobs_from(text, fallback.backend);
  if (!option) r.problems().add(r.place(key), unlike_jobs(text));
  return option.value_or(fallback);
}

std::string jobs_text(const JobsOption& option) {
  for (const BackendName& n : kNames)
    if (n.backend == option.backend)
      return n.name + (option.count > 0 ? ":" + std::to_string(option.count) : std::string());
  throw std::logic_error("jobs: no such back end");
}

Shard parse_shard(const std::string& text, const std::string& place) {
  const std::size_t slash = text.find('/');
  const auto index = number(text.substr(0, slash));
  const auto count = slash == std::string::npos ? std::nullopt : number(text.substr(slash + 1));
  if (!index || !count || *index > *count)
    throw ConfigError(place + ": '" + text + "': expected i/n, part i of n, with i from 1 to n");
  return {*index, *count};
}

}  // namespace heat::base
