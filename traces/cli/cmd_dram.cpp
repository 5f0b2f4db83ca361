// heat-trace dram: text to stdout, JSON to --json.
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "traces/cli/command.h"
#include "traces/dram_analysis.h"

namespace heat::traces::cli {

namespace po = boost::program_options;

int run_dram(int argc, char** argv) {
  std::string run;
  int rows = 16, bins = 100;
  base::CommandLine usage = command_line("dram RUN.sqlite [options]");
  usage.options.add_options()("run", po::value(&run)->required()->value_name("FILE"), "run database")(
      "rows", po::value(&rows)->value_name("N")->default_value(rows), "rows of each table; 0: all")(
      "bins", po::value(&bins)->value_name("N")->default_value(bins), "slices of time, 1 to 10000");
  usage.positional.add("run", 1);
  usage.examples =
      "  heat-trace dram run.sqlite\n"
      "  heat-trace dram run.sqlite --rows 0 --bins 1000 --json dram.json\n";
  add_json_option(usage);
  po::variables_map values;
  if (!base::parse_command_line(argc, argv, usage, values)) return base::kDone;
  if (rows < 0) throw base::ConfigError("--rows " + std::to_string(rows) + ": expected 0 or more");
  if (bins < 1 || bins > 10000) throw base::ConfigError("--bins " + std::to_string(bins) + ": expected 1 to 10000");
  const DramAnalysis analysis = analyze_dram(Reader(run), bins);
  write_json(values, to_json(analysis));
  std::cout << to_text(analysis, rows);
  return base::kDone;
}

}  // namespace heat::traces::cli
