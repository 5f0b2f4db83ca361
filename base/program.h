// What every program of the project does around its work: one place for the version and the exit status.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace heat::base {

// "<program> <version>", the answer to --version.
std::string version_line(const std::string& program);

// Runs `body` and turns what it throws into a message on stderr and an exit status: an Error into its own status, any
// other exception into kFailed with the word "internal error". main() returns the result.
int run_program(const std::string& program, const std::function<int()>& body);

// One command of a program that has several. `run` gets argv from the command's name on.
struct Command {
  const char* name;
  const char* summary;
  int (*run)(int argc, char** argv);
};

// A program of several commands: runs the one that argv[1] names; answers --help (purpose, usage, commands, epilogue)
// and --version itself. Throws ConfigError for a missing or unknown command, with the nearest name.
struct CommandTable {
  std::string program;
  std::string purpose;   // one line
  std::string usage;     // behind the program's name
  std::string epilogue;  // behind the list of commands
  std::vector<Command> commands;

  int dispatch(int argc, char** argv) const;
};

}  // namespace heat::base
