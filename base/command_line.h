// How every program and command reads its options: --help with examples, --version where it is declared, bad usage a
// ConfigError that says where the help is. By Boost.Program_options.
#pragma once

#include <boost/program_options.hpp>
#include <string>

namespace heat::base {

struct CommandLine {
  std::string program;
  std::string command;   // empty: the program has none
  std::string opening;   // of the help, before the options
  std::string examples;  // of the help, after the options: one a line, indented
  boost::program_options::options_description options{"Options"};
  boost::program_options::positional_options_description positional;
};

// Parses argv. Prints the help (or the version, where the options have "version") and returns false when they are asked
// for. An unknown option, a bad value or a missing required option becomes ConfigError. Options must be written in
// full. Adds --help unless the options have it.
bool parse_command_line(int argc, char** argv, CommandLine line, boost::program_options::variables_map& values);

// --help and --version of a program without commands.
void add_program_options(boost::program_options::options_description& options);

}  // namespace heat::base
