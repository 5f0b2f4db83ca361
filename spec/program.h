// What every program of the project does around its work: one place for the version and the exit status.
#pragma once

#include <functional>
#include <string>

namespace heat::spec {

// "<program> <version>", the answer to --version.
std::string version_line(const std::string& program);

// Runs `body` and turns what it throws into a message on stderr and an exit status: an Error into its own status, any
// other exception into kFailed with the word "internal error". main() returns the result.
int run_program(const std::string& program, const std::function<int()>& body);

}  // namespace heat::spec
