// How a farmed-out command's failure reads, whatever ran it.
#pragma once

#include <string>

#include "base/errors.h"
#include "base/jobs/run_commands.h"

namespace heat::base {

[[noreturn]] inline void throw_command_failure(const JobCommand& command, int status, std::string error_text) {
  while (!error_text.empty() && error_text.back() == '\n') error_text.pop_back();
  throw Error(command.name + " failed with status " + std::to_string(status) + ": " +
              (error_text.empty() ? "no message" : error_text));
}

}  // namespace heat::base
