// heat-trace summary: text to stdout, JSON to --json.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "traces/cli/command.h"
#include "traces/summary.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

int run_summary(int argc, char** argv) {
  std::string run;
  int nodes = 20;
  base::CommandLine usage = command_line("summary RUN.sqlite [options]");
  usage.options.add_options()("run", po::value(&run)->required()->value_name("FILE"), "run database")(
      "nodes", po::value(&nodes)->value_name("N")->default_value(nodes), "nodes to list, costliest first; 0: all");
  usage.positional.add("run", 1);
  usage.examples =
      "  heat-trace summary run.sqlite\n"
      "  heat-trace summary run.sqlite --nodes 0 --json summary.json\n";
  add_json_option(usage);
  po::variables_map values;
  if (!base::parse_command_line(argc, argv, usage, values)) return base::kDone;
  if (nodes < 0) throw base::ConfigError("--nodes " + std::to_string(nodes) + ": expected 0 or more");
  const Summary summary = summarize(Reader(run));
  write_json(values, to_json(summary));
  std::cout << to_text(summary, nodes);
  return base::kDone;
}

}  // namespace heat::traces::cli
