// heat-offline calibrate: simulate workloads, read finished runs, fit the analytical model, correct the cost table.
#include <cstdio>
#include <iomanip>
#include <iostream>

#include "base/errors.h"
#include "base/jobs/interrupt.h"
#include "machines/make_machine.h"
#include "offline/cli/command.h"
#include "offline/cost_table/front_json.h"
#include "offline/loop/calibration_run.h"
#include "spec/arch_spec.h"

namespace heat::offline::cli {
namespace {

using nlohmann::ordered_json;

struct Options {
  std::string config, out, json, cost_table;
  std::vector<std::string> runs;
  JobsArguments jobs;
};

bool parse(int argc, char** argv, Options& o) {
  namespace po = boost::program_options;
  po::options_description options("Options");
  options.add_options()("config", po::value(&o.config)->required(), "workloads and rounds, YAML")(
      "out", po::value(&o.out)->required(), "folder for schedules, results and calibration.json")(
      "cost-table", po::value(&o.cost_table), "cost_table.sqlite whose rows are simulated, and which is corrected")(
      "run", po::value(&o.runs), "run database of a finished simulation to fit to as well (again for more)")(
      "json", po::value(&o.json), "write the report here (default: print it)");
  o.jobs.add_to(options);
  po::variables_map values;
  return parse_options(
      argc, argv, options, "calibrate --config F.yaml --out DIR [--cost-table T.sqlite] [--json O]",
      "  heat-offline calibrate --config configs/calibration.yaml --out calibration --json fit.json\n"
      "  heat-offline calibrate --config configs/calibration.yaml --cost-table table/cost_table.sqlite "
      "--run runs/encoder/run.sqlite --out calibration\n"
      "  heat-offline map --arch configs/arch/simba-l.yaml --gemm 768,768,384 --calibration "
      "calibration/calibration.json\n",
      values);
}

// The choices of s* that differ between two tables' fronts.
ordered_json changed_choices(const ordered_json& before, const ordered_json& after) {
  ordered_json changes = ordered_json::array();
  for (std::size_t i = 0; i < after.at("sizes").size(); ++i)
    for (const char* rule : {"s_star", "s_star_edp"})
      for (const auto& [method, row] : after.at("sizes")[i].at(rule).items()) {
        const std::string was = before.at("sizes")[i].at(rule).at(method).at("key").get<std::string>();
        if (was != row.at("key")) changes.push_back({{"rule", rule}, {"before", was}, {"after", row.at("key")}});
      }
  return changes;
}

// Corrects the table in place; what changed.
ordered_json correct(const CalibrationConfig& config, const CalibrationResult& result) {
  const spec::ArchSpec arch = spec::ArchSpec::load(config.arch);
  CostTable table = CostTable::open(config.cost_table);
  const ordered_json before = front_json(table.rows(), {});
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const std::int64_t now = correct_table(table, *machines::make_machine(arch, energy, result.calibration),
                                         result.measured, config.jobs.own_threads());
  const std::vector<CostRow> rows = table.rows();
  ordered_json json = {{"file", config.cost_table}, {"measured_now", now}};
  json.update(to_json(summarize_corrections(rows)));
  json["changed_choices"] = changed_choices(before, front_json(rows, {}));
  return json;
}

void print(const ordered_json& table) {
  const auto factor = [&](const char* key, const char* which) { return table.at(key).at(which).get<double>(); };
  std::fprintf(stderr,
               "%s: %lld of %lld rows measured (%lld now), %lld corrected by their class\n"
               "  measured over predicted: latency %.3f on average (%.3f to %.3f), energy %.3f (%.3f to %.3f)\n",
               table.at("file").get<std::string>().c_str(), table.at("measured").get<long long>(),
               table.at("rows").get<long long>(), table.at("measured_now").get<long long>(),
               table.at("corrected").get<long long>(), factor("latency_correction", "mean"),
               factor("latency_correction", "min"), factor("latency_correction", "max"),
               factor("energy_correction", "mean"), factor("energy_correction", "min"),
               factor("energy_correction", "max"));
  for (const auto& c : table.at("changed_choices"))
    std::cerr << "  " << c.at("rule").get<std::string>() << ": " << c.at("before").get<std::string>() << " -> "
              << c.at("after").get<std::string>() << "\n";
}

}  // namespace

int run_calibrate(int argc, char** argv) {
  Options o;
  if (!parse(argc, argv, o)) return base::kDone;
  CalibrationConfig config = CalibrationConfig::load(o.config);
  if (!o.cost_table.empty()) config.cost_table = o.cost_table;
  config.runs.insert(config.runs.end(), o.runs.begin(), o.runs.end());
  config.jobs = o.jobs.resolve_jobs(config.jobs);
  config.shard = o.jobs.resolve_shard();
  base::catch_interrupts();
  const auto finished = run_calibration(config, o.out);
  if (!config.shard.is_whole()) {
    write_json(o.json, {{"shard", config.shard.text()}, {"complete", finished.has_value()}});
    return base::kDone;
  }
  HEAT_CHECK(finished.has_value(), "a calibration without shards");
  const CalibrationResult& result = *finished;
  ordered_json json;
  json["calibration"] = machines::to_json(result.calibration);
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
  if (!config.cost_table.empty()) {
    json["cost_table"] = correct(config, result);
    print(json["cost_table"]);
  }
  write_json(o.json, json);
  return base::kDone;
}

}  // namespace heat::offline::cli
