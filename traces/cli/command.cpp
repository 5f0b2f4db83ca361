// Boost.Program_options behind the contract of every command: --help with examples, bad usage is a ConfigError.
#include "traces/cli/command.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

bool parse_options(int argc, char** argv, Usage usage, po::variables_map& values) {
  usage.options.add_options()("help", "print this text");
  try {
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    auto parser = po::command_line_parser(argc, argv).options(usage.options).style(style).positional(usage.positional);
    po::store(parser.run(), values);
    if (values.count("help")) {
      std::cout << "Usage: heat-trace " << usage.line << "\n\n" << usage.options << "\nExamples:\n" << usage.examples;
      return false;
    }
    po::notify(values);
  } catch (const po::error& e) {
    throw base::ConfigError(std::string("heat-trace ") + argv[0] + ": " + e.what() + " (see heat-trace " + argv[0] +
                            " --help)");
  }
  return true;
}

void add_json_option(Usage& usage) {
  usage.options.add_options()("json", po::value<std::string>()->value_name("FILE"), "write the result for machines");
}

void write_json(const po::variables_map& values, const nlohmann::ordered_json& result) {
  if (values.count("json")) base::write_file_atomically(values["json"].as<std::string>(), result.dump(2) + "\n");
}

}  // namespace heat::traces::cli
