// fork and exec instead of posix_spawn, which cannot ask for PR_SET_PDEATHSIG: that signal is what keeps a child from
// outliving a parent that was killed. It is sent at the end of the thread that forked, which is the one that waits here.
// A child has a process group of its own, so that a terminal's Ctrl-C reaches it through us alone.
#include "base/jobs/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/errors.h"

namespace heat::base {
namespace {

constexpr std::size_t kKept = 1 << 20;  // bytes of a stream
constexpr std::chrono::seconds kGrace{2};

// Both ends close themselves, and on exec.
class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_, O_CLOEXEC) != 0) throw FileError(std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int reader() const { return ends_[0]; }
  int writer() const { return ends_[1]; }
  void close_reader() { close_end(0); }
  void close_writer() { close_end(1); }

 private:
  void close_end(int end) {
    if (ends_[end] >= 0) close(ends_[end]);
    ends_[end] = -1;
  }
  int ends_[2];
};

// The child between fork and exec: system calls only, because other threads of the parent may have held locks.
[[noreturn]] void become(char* const* argv, pid_t parent, int output, int error, int failure) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int nothing = open("/dev/null", O_RDONLY);
  if (getppid() == parent && nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
      dup2(error, STDERR_FILENO) >= 0)
    execvp(argv[0], argv);
  const int reason = errno;
  if (write(failure, &reason, sizeof reason) < 0) _exit(127);
  _exit(127);
}

// Appends what there is; false at the end of the stream.
bool read_some(int descriptor, std::string& text) {
  char buffer[1 << 14];
  const ssize_t n = read(descriptor, buffer, sizeof buffer);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer, static_cast<std::size_t>(n));
  if (text.size() > 2 * kKept) text.erase(0, text.size() - kKept);
  return n > 0;
}

// Waits up to a tenth of a second for output of either stream and takes it.
void read_streams(Pipe& output, Pipe& error, ProcessResult& result) {
  std::array<pollfd, 2> streams{{{output.reader(), POLLIN, 0}, {error.reader(), POLLIN, 0}}};  // -1: ignored
  if (poll(streams.data(), streams.size(), 100) <= 0) return;
  if (streams[0].revents && !read_some(output.reader(), result.output)) output.close_reader();
  if (streams[1].revents && !read_some(error.reader(), result.error)) error.close_reader();
}

pid_t start(const std::vector<std::string>& arguments, Pipe& output, Pipe& error) {
  HEAT_CHECK(!arguments.empty(), "a program to start");
  std::vector<char*> argv;
  for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
  argv.push_back(nullptr);
  Pipe failure;
  const pid_t parent = getpid(), child = fork();
  if (child == 0) become(argv.data(), parent, output.writer(), error.writer(), failure.writer());
  const int fork_error = errno;
  if (child > 0) setpgid(child, child);  // whoever of the two comes first
  output.close_writer();
  error.close_writer();
  failure.close_writer();
  int reason = fork_error;
  const bool failed = child < 0 || read(failure.reader(), &reason, sizeof reason) == sizeof reason;
  if (failed) {
    if (child > 0) waitpid(child, nullptr, 0);
    throw FileError("cannot start '" + arguments[0] + "': " + std::strerror(reason));
  }
  return child;
}

}  // namespace

ProcessResult run_process(const std::vector<std::string>& arguments, const std::function<bool()>& stop) {
  using Clock = std::chrono::steady_clock;
  Pipe output, error;
  const pid_t child = start(arguments, output, error);
  ProcessResult result;
  int status = 0;
  bool stopping = false;
  Clock::time_point deadline;
  for (;;) {
    const bool open = output.reader() >= 0 || error.reader() >= 0;
    if (open)
      read_streams(output, error, result);
    else
      usleep(2000);  // closed its streams and is about to end, or goes on in silence
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) break;
    if (!stopping && stop && stop()) {
      stopping = true;
      deadline = Clock::now() + kGrace;
      kill(-child, SIGTERM);
    } else if (stopping && Clock::now() > deadline) {
      kill(-child, SIGKILL);
    }
  }
  for (auto [pipe, text] : {std::pair{&output, &result.output}, std::pair{&error, &result.error}})
    if (pipe->reader() >= 0) {  // what is left in it; a grandchild may hold the other end, so without waiting
      fcntl(pipe->reader(), F_SETFL, O_NONBLOCK);
      std::size_t before = 0;
      do before = text->size();
      while (read_some(pipe->reader(), *text) && text->size() > before);
    }
  if (stopping) throw Error("stopped; '" + arguments[0] + "' was ended");
  for (std::string* text : {&result.output, &result.error})
    if (text->size() > kKept) text->erase(0, text->size() - kKept);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

}  // namespace heat::base
