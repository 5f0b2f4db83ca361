// The only place where exceptions become exit codes.
#include "base/program.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <iostream>
#include <new>

#include "base/config_reader.h"
#include "base/errors.h"

namespace heat::base {

std::string version_line(const std::string& program) {
  return program + " " HEAT_VERSION;
}

int run_program(const std::string& program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const Error& e) {
    std::cerr << program << ": error: " << e.what() << std::endl;
    return e.exit_code();
  } catch (const std::bad_alloc&) {
    std::cerr << program << ": error: out of memory" << std::endl;
    return kFailed;
  } catch (const std::exception& e) {
    std::cerr << program << ": internal error: " << e.what() << std::endl;
    return kFailed;
  }
}

int CommandTable::dispatch(int argc, char** argv) const {
  const std::string word = argc > 1 ? argv[1] : "";
  if (word == "--help" || word == "-h" || word == "help") {
    std::size_t width = 0;
    for (const Command& c : commands) width = std::max(width, std::strlen(c.name) + 2);
    std::cout << program << ": " << purpose << "\n\nUsage: " << program << " " << usage << "\n\nCommands:\n";
    for (const Command& c : commands)
      std::cout << "  " << c.name << std::string(width - std::strlen(c.name), ' ') << c.summary << "\n";
    std::cout << "\n" << program << " <command> --help lists a command's options with examples.\n" << epilogue;
    return kDone;
  }
  if (word == "--version") {
    std::cout << version_line(program) << "\n";
    return kDone;
  }
  std::vector<std::string> names;
  for (const Command& c : commands) {
    if (word == c.name) return c.run(argc - 1, argv + 1);
    names.push_back(c.name);
  }
  const std::string hint = " (see " + program + " --help)";
  if (word.empty()) throw ConfigError("no command given" + hint);
  const auto near = nearest_word(word, names);
  throw ConfigError("unknown command '" + word + "'" + (near ? ", did you mean '" + *near + "'?" : "") + hint);
}

}  // namespace heat::base
