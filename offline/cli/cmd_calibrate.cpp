// heat-offline calibrate: simulate workloads, fit the analytical model, report the errors before and after.
#include <iomanip>
#include <iostream>

#include "offline/cli/command.h"
#include "offline/loop/calibration_run.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string config, out, json;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description options("Options");
  options.add_options()("config", po::value(&o.config)->required(), "workloads and rounds, YAML")(
      "out", po::value(&o.out)->required(), "folder for schedules, results and calibration.json")(
      "json", po::value(&o.json), "write the report here (default: print it)");
  po::variables_map values;
  return parse_options(argc, argv, options, "calibrate --config F.yaml --out DIR [--json O]",
                       "  heat-offline calibrate --config configs/calibration.yaml --out calibration --json fit.json\n"
                       "  heat-offline map --arch configs/arch/simba-l.yaml --gemm 768,768,384 --calibration "
                       "calibration/calibration.json\n",
                       values);
}

}  // namespace

int run_calibrate(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, o)) return spec::kDone;
  const CalibrationConfig config = CalibrationConfig::load(o.config);
  const CalibrationResult result = run_calibration(config, o.out);
  nlohmann::ordered_json json;
  json["calibration"] = mapper::to_json(result.calibration);
  for (const CalibrationRound& r : result.rounds)
    json["rounds"].push_back({{"before", to_json(r.before)},
                              {"after", to_json(r.after)},
                              {"changed_mappings", r.changed_mappings},
                              {"measured_edp_js", r.edp_js}});
  std::cerr << std::fixed << std::setprecision(1);
  for (std::size_t i = 0; i < result.rounds.size(); ++i) {
    const CalibrationRound& r = result.rounds[i];
    std::cerr << "round " << i + 1 << ": " << r.before.groups << " groups, cycles off by "
              << 100 * r.before.cycles_mean_error << "% on average before the fit, " << 100 * r.after.cycles_mean_error
              << "% after; energy " << 100 * r.before.energy_mean_error << "% and " << 100 * r.after.energy_mean_error
              << "%\n";
  }
  write_json(o.json, json);
  return spec::kDone;
}

}  // namespace heat::offline::cli
