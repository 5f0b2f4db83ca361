// heat-offline calibrate-energy: fit an energy table's free entries to runs whose energy or EDP is known.
#include <iostream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/loop/energy_fit_report.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string config, out, json;
  std::map<std::string, std::string> runs;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  std::vector<std::string> runs;
  po::options_description options("Options");
  options.add_options()("config", po::value(&o.config)->required(), "free entries with bounds, target rows, YAML")(
      "out", po::value(&o.out)->required(), "the fitted table to write, YAML")(
      "run", po::value(&runs)->value_name("ROW=FILE"),
      "a row's run: simba-sim's result (JSON), run database or its folder (again for more rows)")(
      "json", po::value(&o.json), "write the report here too");
  po::variables_map values;
  if (!parse_options(
          argc, argv, options, "calibrate-energy --config F.yaml --out TABLE.yaml [--run ROW=FILE]... [--json O]",
          "  heat-offline calibrate-energy --config configs/calibration-energy.yaml --run dense-384=384.json "
          "--run dense-128=128.json --out out/simba-l.yaml\n"
          "  heat-offline calibrate-energy --config fit.yaml --out fitted.yaml --json fit.json\n",
          values))
    return false;
  base::Problems problems;
  for (const std::string& run : runs) {
    const std::size_t equals = run.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == run.size())
      problems.add("--run", "'" + run + "': expected ROW=FILE");
    else if (!o.runs.emplace(run.substr(0, equals), run.substr(equals + 1)).second)
      problems.add("--run", "'" + run + "': this row has a run already");
  }
  problems.throw_if_any();
  return true;
}

}  // namespace

int run_calibrate_energy(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, o)) return base::kDone;
  const EnergyFitProblem problem = EnergyFitProblem::load(o.config, o.runs);
  const EnergyFit fit = fit_energy(problem);
  base::write_file_atomically(o.out, fitted_table_yaml(problem, fit));
  if (!o.json.empty()) write_json(o.json, to_json(problem, fit));
  std::cout << to_text(problem, fit) << "wrote " << o.out << "\n";
  return base::kDone;
}

}  // namespace heat::offline::cli
