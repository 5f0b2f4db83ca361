// posix_spawn with a pipe for stderr; each job is a thread that waits for its process.
#include "offline/loop/simulator_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <thread>

#include "base/errors.h"

extern char** environ;

namespace heat::offline {
namespace {

std::string read_all(int descriptor) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t n = read(descriptor, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

std::vector<std::string> command_line(const SimulationRequest& r) {
  std::vector<std::string> line{simulator_path(),      "--arch", r.arch, "--schedule", r.schedule, "--data",
                                r.data ? "on" : "off", "--json", r.json};
  if (!r.trace.empty()) line.insert(line.end(), {"--trace", r.trace});
  line.insert(line.end(), r.extra.begin(), r.extra.end());
  return line;
}

}  // namespace

std::string simulator_path() {
  std::string path;
  if (const char* given = std::getenv("HEAT_SIMBA_SIM")) {
    path = given;
  } else {
    std::error_code error;
    path = (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "simba-sim").string();
  }
  if (access(path.c_str(), X_OK) != 0)
    throw base::FileError("cannot execute the simulator '" + path + "': " + std::strerror(errno) +
                          " (expected beside heat-offline, or named by HEAT_SIMBA_SIM)");
  return path;
}

int run_process(const std::vector<std::string>& arguments, std::string& error_text) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw base::FileError(std::string("cannot make a pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  pid_t process = 0;
  const int failed = posix_spawn(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (failed != 0) {
    close(ends[0]);
    throw base::FileError("cannot start '" + arguments[0] + "': " + std::strerror(failed));
  }
  error_text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

SimulationResult simulate(const SimulationRequest& request) {
  std::string error_text;
  const int status = run_process(command_line(request), error_text);
  if (status != 0) {
    while (!error_text.empty() && error_text.back() == '\n') error_text.pop_back();
    throw base::Error("simba-sim failed with status " + std::to_string(status) + " on '" + request.schedule +
                      "': " + (error_text.empty() ? "no message" : error_text));
  }
  return read_simulation(request.json);
}

std::vector<SimulationResult> simulate_all(const std::vector<SimulationRequest>& requests, int jobs) {
  std::vector<SimulationResult> results(requests.size());
  std::vector<std::exception_ptr> errors(requests.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < requests.size(); i = next++) {
      try {
        results[i] = simulate(requests[i]);
      } catch (...) {
        errors[i] = std::current_exception();
      }
    }
  };
  std::vector<std::thread> threads;
  const std::size_t count = std::min(requests.size(), static_cast<std::size_t>(std::max(1, jobs)));
  for (std::size_t t = 1; t < count; ++t) threads.emplace_back(work);
  work();
  for (auto& t : threads) t.join();
  for (const auto& e : errors)
    if (e) std::rethrow_exception(e);
  return results;
}

}  // namespace heat::offline
