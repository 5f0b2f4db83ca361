// One heat-offline command: its own file cmd_<name>.cpp defines `int run_<name>(int argc, char** argv)`.
#pragma once

#include <boost/program_options.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace heat::offline::cli {

// A command's entry in the dispatch table. argv[0] is the command's name.
struct Command {
  const char* name;
  const char* summary;
  int (*run)(int argc, char** argv);
};

// Parses argv against `options`. Prints `usage`, the options and `examples` and returns false on --help. A bad option
// or a missing required one becomes ConfigError. Adds --help itself.
bool parse_options(int argc, char** argv, boost::program_options::options_description options, const std::string& usage,
                   const std::string& examples, boost::program_options::variables_map& values);

// Writes `result` (two-space indent, trailing newline) whole to `path`; prints it to stdout when `path` is empty.
void write_json(const std::string& path, const nlohmann::ordered_json& result);

}  // namespace heat::offline::cli
