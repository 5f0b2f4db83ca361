// Boost.Program_options behind the contract of every command: --help with examples, bad usage is a ConfigError.
#include "offline/cli/command.h"

#include <iostream>

#include "base/atomic_file.h"
#include "base/errors.h"

namespace heat::offline::cli {

namespace po = boost::program_options;

bool parse_options(int argc, char** argv, po::options_description options, const std::string& usage,
                   const std::string& examples, po::variables_map& values) {
  options.add_options()("help", "print this text");
  try {
    const int style = po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
    po::store(po::command_line_parser(argc, argv).options(options).style(style).positional({}).run(), values);
    if (values.count("help")) {
      std::cout << "Usage: heat-offline " << usage << "\n\n" << options << "\nExamples:\n" << examples;
      return false;
    }
    po::notify(values);
  } catch (const po::error& e) {
    throw base::ConfigError(std::string("heat-offline ") + argv[0] + ": " + e.what() + " (see heat-offline " + argv[0] +
                            " --help)");
  }
  return true;
}

bool parse_run_options(int argc, char** argv, const std::string& config_help, const std::string& out_help,
                       const std::string& examples, RunOptions& o) {
  po::options_description options("Options");
  options.add_options()("config", po::value(&o.config)->required(), config_help.c_str())(
      "out", po::value(&o.out)->required(), out_help.c_str())("json", po::value(&o.json),
                                                              "result file (default: standard output)");
  po::variables_map values;
  return parse_options(argc, argv, options, std::string(argv[0]) + " --config F.yaml --out DIR [--json O]", examples,
                       values);
}

void write_json(const std::string& path, const nlohmann::ordered_json& result) {
  const std::string text = result.dump(2) + "\n";
  if (path.empty())
    std::cout << text;
  else
    base::write_file_atomically(path, text);
}

}  // namespace heat::offline::cli
