// What a task reports is a file of its own, <command>.status, which it writes last: Slurm's word for how a task ended is
// only kept by an accounting daemon, which small clusters lack, and a killed task writes none.
#include "base/jobs/slurm.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <sstream>
#include <thread>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/jobs/command_failure.h"
#include "base/jobs/process.h"

namespace heat::base {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostTasks = 1000;
constexpr int kPatience = 20;  // answers that squeue may owe in a row: a controller that restarts is no failure

// As one word of a POSIX shell.
std::string quoted(const std::string& word) {
  std::string text = "'";
  for (char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string without_newlines(std::string text) {
  text.erase(std::remove(text.begin(), text.end(), '\n'), text.end());
  return text;
}

class SlurmArray {
 public:
  SlurmArray(const std::vector<JobCommand>& commands, const RunCommandsOptions& options)
      : commands_(commands), options_(options), folder_(fs::absolute(options.folder).lexically_normal()) {
    HEAT_CHECK(!options.folder.empty(), "a folder for the job array");
    fs::create_directories(folder_);
    cancel_left_over();
    for (std::size_t c = 0; c < commands.size(); ++c)
      for (const char* end : {".status", ".out", ".err"}) fs::remove(file(c, end));
  }

  void run() {
    std::vector<std::size_t> open(commands_.size());
    for (std::size_t c = 0; c < open.size(); ++c) open[c] = c;
    for (int attempt = 1; !open.empty(); ++attempt) {
      const std::string job = submit(open);
      wait(job);
      std::vector<std::size_t> failed;
      for (std::size_t c : open) {
        const int status = status_of(c).value_or(kKilled);
        if (status == 0) continue;
        if (attempt >= options_.attempts || status == kBadUsage) fail(c, status);
        failed.push_back(c);
      }
      open = std::move(failed);
    }
  }

 private:
  static constexpr int kKilled = 137;  // no status: its node or its task ended before it

  fs::path file(std::size_t command, const char* end) const { return folder_ / (std::to_string(command) + end); }
  fs::path job_file() const { return folder_ / "job"; }

  // One task a line of the case; a task runs its commands in turn.
  std::string script(const std::vector<std::size_t>& open, std::size_t tasks) const {
    std::ostringstream s;
    s << "#!/bin/sh\n# The tasks of a job array. run: name of the outputs, command line.\n"
      << "run() {\n  name=$1; shift\n  rm -f \"$name.status\"\n  \"$@\" >\"$name.out\" 2>\"$name.err\"\n"
      << "  echo $? >\"$name.part\"\n  mv \"$name.part\" \"$name.status\"\n}\n"
      << "case \"$SLURM_ARRAY_TASK_ID\" in\n";
    for (std::size_t t = 0; t < tasks; ++t) {
      s << t << ")\n";
      for (std::size_t i = t; i < open.size(); i += tasks) {
        s << "run " << quoted((folder_ / std::to_string(open[i])).string());
        for (const std::string& word : commands_[open[i]].arguments) s << ' ' << quoted(word);
        s << '\n';
      }
      s << ";;\n";
    }
    s << "esac\n";
    return s.str();
  }

  // The array's number.
  std::string submit(const std::vector<std::size_t>& open) const {
    const std::size_t most =
        options_.jobs.count > 0 ? std::min<std::size_t>(options_.jobs.count, kMostTasks) : kMostTasks;
    const std::size_t tasks = std::min(open.size(), most);
    const fs::path path = folder_ / "array.sh";
    write_file_atomically(path.string(), script(open, tasks));
    std::vector<std::string> line{"sbatch",
                                  "--parsable",
                                  "--job-name=heat",
                                  "--array=0-" + std::to_string(tasks - 1),
                                  "--chdir=" + fs::current_path().string(),
                                  "--output=" + (folder_ / "task-%a.log").string()};
    line.insert(line.end(), options_.jobs.slurm_options.begin(), options_.jobs.slurm_options.end());
    line.push_back(path.string());
    const ProcessResult result = run_process(line, nullptr);
    const std::string job = without_newlines(result.output.substr(0, result.output.find(';')));  // "job;cluster"
    if (result.status != 0 || job.empty())
      throw Error("sbatch failed with status " + std::to_string(result.status) + ": " + result.error);
    write_file_atomically(job_file().string(), job + "\n");
    return job;
  }

  // Until no task of the array is left. SIGINT and SIGTERM cancel it.
  void wait(const std::string& job) {
    int unanswered = 0;
    for (int round = 0;; ++round) {
      for (int tenth = 0; tenth < std::min(50, 5 + 5 * round); ++tenth) {
        if (interrupted()) {
          cancel(job);
          throw Error("stopped; job array " + job + " was cancelled");
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      report();
      const std::optional<bool> left = has_tasks(job);
      unanswered = left ? 0 : unanswered + 1;
      if (unanswered > kPatience) throw Error("squeue does not say how job array " + job + " is");
      if (left == false) break;
    }
    fs::remove(job_file());
  }

  void report() {
    std::size_t done = 0;
    for (std::size_t c = 0; c < commands_.size(); ++c) done += status_of(c) == 0;
    if (options_.progress && done != reported_) options_.progress(done, commands_.size());
    reported_ = done;
  }

  // Whether any task waits or runs; nothing when Slurm does not answer.
  static std::optional<bool> has_tasks(const std::string& job) {
    const ProcessResult r = run_process({"squeue", "--noheader", "--array", "--format=%T", "--jobs=" + job}, nullptr);
    if (r.status == 0) return !without_newlines(r.output).empty();
    if (r.error.find("Invalid job id") != std::string::npos) return false;  // ended, and forgotten
    return std::nullopt;
  }

  void cancel(const std::string& job) const {
    run_process({"scancel", "--quiet", job}, nullptr);
    fs::remove(job_file());
  }

  // Its tasks would write the files that ours write.
  void cancel_left_over() const {
    if (!fs::exists(job_file())) return;
    const std::string job = without_newlines(read_file(job_file().string()));
    cancel(job);
    for (int tenth = 0; tenth < 300 && has_tasks(job) == true && !interrupted(); ++tenth)
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }

  std::optional<int> status_of(std::size_t command) const {
    const fs::path path = file(command, ".status");
    if (!fs::exists(path)) return std::nullopt;
    const std::string text = without_newlines(read_file(path.string()));
    int status = kKilled;
    std::from_chars(text.data(), text.data() + text.size(), status);
    return status;
  }

  [[noreturn]] void fail(std::size_t command, int status) const {
    const fs::path error = file(command, ".err");
    throw_command_failure(commands_[command], status, fs::exists(error) ? read_file(error.string()) : "");
  }

  const std::vector<JobCommand>& commands_;
  const RunCommandsOptions& options_;
  fs::path folder_;
  std::size_t reported_ = 0;
};

}  // namespace

void run_slurm_array(const std::vector<JobCommand>& commands, const RunCommandsOptions& options) {
  SlurmArray(commands, options).run();
}

}  // namespace heat::base
