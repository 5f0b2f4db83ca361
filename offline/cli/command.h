// One heat-offline command: its own file cmd_<name>.cpp defines `int run_<name>(int argc, char** argv)`.
#pragma once

#include <boost/program_options.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "machines/machine.h"
#include "offline/cli/jobs_options.h"

namespace heat::offline::cli {

// Parses argv against `options`. Prints `usage`, the options and `examples` and returns false on --help. A bad option
// or a missing required one becomes ConfigError. Adds --help itself.
bool parse_options(int argc, char** argv, boost::program_options::options_description options, const std::string& usage,
                   const std::string& examples, boost::program_options::variables_map& values);

// The options of the commands that read a configuration and leave their results in a folder.
struct RunOptions {
  std::string config, out, json;
  std::optional<JobsArguments> jobs;  // of commands that farm out work: set before parsing
};
// parse_options() for them; `config_help` and `out_help` say what the two are.
bool parse_run_options(int argc, char** argv, const std::string& config_help, const std::string& out_help,
                       const std::string& examples, RunOptions& options);

// The machine of an architecture under the calibration in a file; the neutral one where the name is empty.
std::unique_ptr<machines::Machine> machine_of(const spec::ArchSpec& arch, const spec::EnergyTable& energy,
                                              const std::string& calibration_file);

// Writes `result` (two-space indent, trailing newline) whole to `path`; prints it to stdout when `path` is empty.
void write_json(const std::string& path, const nlohmann::ordered_json& result);

}  // namespace heat::offline::cli
