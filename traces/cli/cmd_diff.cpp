// heat-trace diff: two summaries against each other.
#include "traces/diff.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "traces/cli/command.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

int run_diff(int argc, char** argv) {
  std::vector<std::string> runs;
  std::string sort = "energy";
  int lines = 20;
  base::CommandLine usage = command_line("diff A.sqlite B.sqlite [options]");
  usage.options.add_options()("run", po::value(&runs)->required()->value_name("FILE"), "run databases, A and B")(
      "sort", po::value(&sort)->value_name("energy|cycles")->default_value(sort), "what orders layers and nodes")(
      "lines", po::value(&lines)->value_name("N")->default_value(lines), "lines a table; 0: all");
  usage.positional.add("run", 2);
  usage.examples =
      "  heat-trace diff dense.sqlite student.sqlite\n"
      "  heat-trace diff before.sqlite after.sqlite --sort cycles --lines 0 --json diff.json\n";
  add_json_option(usage);
  po::variables_map values;
  if (!base::parse_command_line(argc, argv, usage, values)) return base::kDone;
  if (runs.size() != 2)
    throw base::ConfigError("heat-trace diff: " + std::to_string(runs.size()) + " run databases given, expected 2");
  if (sort != "energy" && sort != "cycles") throw base::ConfigError("--sort " + sort + ": expected energy or cycles");
  if (lines < 0) throw base::ConfigError("--lines " + std::to_string(lines) + ": expected 0 or more");
  const Diff result = diff(summarize(Reader(runs[0])), summarize(Reader(runs[1])),
                           sort == "energy" ? DiffOrder::kEnergy : DiffOrder::kCycles);
  write_json(values, to_json(result));
  std::cout << to_text(result, lines);
  return base::kDone;
}

}  // namespace heat::traces::cli
