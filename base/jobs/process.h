// One program as a child of this process, ended with it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/jobs/interrupt.h"

namespace heat::base {

struct ProcessResult {
  int status = 0;             // exit status; 128 + the signal that ended it
  std::string output, error;  // what it wrote to stdout and stderr, of each the last MiB
  bool was_killed() const { return status > 128; }
};

// Runs `arguments` (the first is the program's path, or a name to look up in PATH) with nothing on stdin, and waits
// for its end. `stop` is asked ten times a second: when it says so, the process group gets SIGTERM, two seconds later
// SIGKILL, and an Error is thrown. The child does not outlive this process, whatever ends it. Throws FileError when
// it cannot be started.
ProcessResult run_process(const std::vector<std::string>& arguments, const std::function<bool()>& stop = interrupted);

}  // namespace heat::base
