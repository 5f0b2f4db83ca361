// One heat-trace command: its own file cmd_<name>.cpp defines `int run_<name>(int argc, char** argv)`.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/command_line.h"

namespace heat::traces::cli {

// The command line of the command that `line` begins with, such as "summary RUN.sqlite [options]".
base::CommandLine command_line(const std::string& line);

// Writes `result` whole to `path` when one is given.
void write_json(const boost::program_options::variables_map& values, const nlohmann::ordered_json& result);

// Adds "--json FILE", which write_json() reads.
void add_json_option(base::CommandLine& line);

}  // namespace heat::traces::cli
