// One heat-trace command: its own file cmd_<name>.cpp defines `int run_<name>(int argc, char** argv)`.
#pragma once

#include <boost/program_options.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace heat::traces::cli {

// What a command's command line looks like.
struct Usage {
  std::string line;                                     // "summary RUN.sqlite [options]"
  std::string examples;                                 // one a line, indented
  boost::program_options::options_description options;  // adds --help itself
  boost::program_options::positional_options_description positional;
};

// Parses argv. Prints the usage and returns false on --help. A bad option or a missing required one becomes
// ConfigError.
bool parse_options(int argc, char** argv, Usage usage, boost::program_options::variables_map& values);

// Writes `result` whole to `path` when one is given.
void write_json(const boost::program_options::variables_map& values, const nlohmann::ordered_json& result);

// Adds "--json FILE", which write_json() reads.
void add_json_option(Usage& usage);

}  // namespace heat::traces::cli
