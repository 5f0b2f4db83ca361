// A help is printed even where required options are missing: po::notify, which misses them, comes after it.
#include "base/command_line.h"

#include <iostream>

#include "base/errors.h"
#include "base/program.h"

namespace heat::base {

namespace po = boost::program_options;

bool parse_command_line(int argc, char** argv, CommandLine line, po::variables_map& values) {
  if (!line.options.find_nothrow("help", false)) line.options.add_options()("help", "print this text");
  const std::string name = line.program + (line.command.empty() ? "" : " " + line.command);
  try {
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(argc, argv).options(line.options).style(style).positional(line.positional).run(),
              values);
    if (values.count("help")) {
      std::cout << line.opening << line.options << "\nExamples:\n" << line.examples;
      return false;
    }
    if (values.count("version")) {
      std::cout << version_line(line.program) << "\n";
      return false;
    }
    po::notify(values);
  } catch (const po::error& e) {
    throw ConfigError((line.command.empty() ? "" : name + ": ") + e.what() + " (see " + name + " --help)");
  }
  return true;
}

void add_program_options(po::options_description& options) {
  options.add_options()("help,h", "this text")("version", "name and version");
}

}  // namespace heat::base
