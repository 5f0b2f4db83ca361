// The commands of heat-offline beside base/command_line.h: their name in the help, their common options, their result.
#include "offline/cli/command.h"

#include <iostream>

#include "base/atomic_file.h"
#include "base/command_line.h"
#include "machines/make_machine.h"

namespace heat::offline::cli {

namespace po = boost::program_options;

bool parse_options(int argc, char** argv, po::options_description options, const std::string& usage,
                   const std::string& examples, po::variables_map& values) {
  const base::CommandLine line{"heat-offline",     argv[0], "Usage: heat-offline " + usage + "\n\n", examples,
                               std::move(options), {}};
  return base::parse_command_line(argc, argv, line, values);
}

bool parse_run_options(int argc, char** argv, const std::string& config_help, const std::string& out_help,
                       const std::string& examples, RunOptions& o) {
  po::options_description options("Options");
  options.add_options()("config", po::value(&o.config)->required(), config_help.c_str())(
      "out", po::value(&o.out)->required(), out_help.c_str())("json", po::value(&o.json),
                                                              "result file (default: standard output)");
  if (o.jobs) o.jobs->add_to(options);
  po::variables_map values;
  return parse_options(argc, argv, options, std::string(argv[0]) + " --config F.yaml --out DIR [--json O]", examples,
                       values);
}

std::unique_ptr<machines::Machine> machine_of(const spec::ArchSpec& arch, const spec::EnergyTable& energy,
                                              const std::string& calibration_file) {
  const machines::Calibration calibration =
      calibration_file.empty() ? machines::Calibration{} : machines::Calibration::load(calibration_file);
  return machines::make_machine(arch, energy, calibration);
}

void write_json(const std::string& path, const nlohmann::ordered_json& result) {
  const std::string text = result.dump(2) + "\n";
  if (path.empty())
    std::cout << text;
  else
    base::write_file_atomically(path, text);
}

}  // namespace heat::offline::cli
