// Stages 7 and 8: the search on the cost table, and the loop through the simulator that corrects the table.
#include <algorithm>
#include <filesystem>

#include "offline/cost_table/correct.h"
#include "offline/pipeline/choice_costs.h"
#include "offline/pipeline/fit.h"
#include "offline/pipeline/layer_costs.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/rank_search.h"
#include "offline/pipeline/shape_choice.h"
#include "offline/pipeline/simulation.h"
#include "offline/schedule/planner.h"

namespace heat::offline {
namespace {

// What is left of a whole when its linear layers are taken away.
ChoiceCost rest_of(double energy_pj, double latency_ns, const ChoiceCost& layers) {
  return {std::max(0.0, energy_pj - layers.energy_pj), std::max(0.0, latency_ns - layers.latency_ns), 0};
}

// Measured: what no rank choice changes.
ChoiceCost fixed_of(const ScheduledRun& scheduled, const nlohmann::json& run) {
  ChoiceCost layers;
  for (const auto& l : run.at("layers"))
    for (const spec::LayerForm& form : scheduled.schedule.layers)
      if (l.at("layer") == form.layer) {
        layers.energy_pj += l.at("energy_pj").get<double>();
        layers.latency_ns += l.at("latency_ns").get<double>();
      }
  const auto& whole = run.at("simulated");
  return rest_of(whole.at("energy_pj").get<double>(), whole.at("latency_ns").get<double>(), layers);
}

int changed_layers(const SubNet& a, const SubNet& b) {
  int changed = 0;
  for (std::size_t i = 0; i < a.size(); ++i) changed += a[i] != b[i];
  return changed;
}

// The choice and its runners-up, as many as are simulated a round.
std::vector<SubNet> candidates_of(const SubNet& choice, const std::vector<SubNet>& runners_up, std::int64_t count) {
  std::vector<SubNet> candidates{choice};
  for (const SubNet& s : runners_up)
    if (static_cast<std::int64_t>(candidates.size()) < count) candidates.push_back(s);
  return candidates;
}

// Mapped with `calibration` and written, ready to be simulated; the choice comes first.
std::vector<ScheduledRun> map_candidates(PipelineContext& context, const machines::simba::Calibration& calibration,
                                         const std::vector<RankLadder>& ladders, const std::vector<SubNet>& candidates,
                                         const std::string& folder, const std::string& name) {
  LayerCosts costs(context, calibration);
  std::vector<ScheduledRun> runs;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::string own = i == 0 ? folder : folder + "/candidate" + std::to_string(i + 1);
    std::filesystem::create_directories(own);
    spec::Schedule schedule = costs.schedule(plans_of(ladders, candidates[i])).network.schedule;
    write_schedule(schedule, {}, own + "/schedule.json");
    runs.push_back(
        {std::move(schedule), own, i == 0 ? name : name + ", candidate " + std::to_string(i + 1), {false, false, ""}});
  }
  return runs;
}

// The table's own words after the last round: its corrections, and the shapes that level 1 would choose by them now.
nlohmann::json describe_table(const CostTable& table, const PipelineConfig& config, const nlohmann::json& chosen) {
  const std::vector<CostRow> rows = table.rows();
  nlohmann::json json = nlohmann::json::parse(to_json(summarize_corrections(rows)).dump());
  const nlohmann::json now = choose_shapes(rows, config);
  int changed = 0;
  for (std::size_t i = 0; i < now.size(); ++i)
    changed += now[i].at("method") != chosen[i].at("method") || now[i].at("shape") != chosen[i].at("shape");
  json["shapes_chosen_otherwise"] = changed;
  return json;
}

nlohmann::json describe_round(std::int64_t number, const SubNet& subnet, const spec::Prediction& predicted,
                              const SubNetCost& by_table, const nlohmann::json& simulated) {
  const double energy = simulated.at("energy_pj").get<double>(), cycles = simulated.at("cycles").get<double>();
  return {{"round", number},
          {"subnet", subnet},
          {"predicted_cycles", predicted.cycles},
          {"predicted_energy_pj", predicted.energy_pj},
          {"simulated_cycles", cycles},
          {"simulated_energy_pj", energy},
          {"edp_error", relative_error(predicted.energy_pj * predicted.cycles, energy * cycles)},
          {"table_edp_js", by_table.edp_js()},
          {"table_edp_error", relative_error(by_table.edp_js(), simulated.at("edp_js").get<double>())}};
}

}  // namespace

nlohmann::json stage_search(PipelineContext& context, const StageResults& results, const std::string& folder,
                            StageProgress& progress) {
  const PipelineConfig& config = context.config();
  const auto ladders = ladders_from_json(results.at("supernet").at("ladders"));
  const AccuracyPredictor predictor = make_predictor(config, results.at("predictor"));
  const std::string file = folder + "/cost_table.sqlite";
  CostTable::open(context.out() + "/" + results.at("cost-table").at("file").get<std::string>()).write_copy(file);
  CostTable table = CostTable::open(file);
  progress.report("costing rank choices");
  add_choice_rows(table, ladders, model_matrices(context.teacher().model, config.level1.matrices), config.tokens,
                  context.arch(), context.energy());
  ChoiceTable costs = choice_costs(table, ladders, config.tokens);
  const auto& dense = results.at("dense").at("predicted");
  costs.fixed = rest_of(dense.at("energy_pj").get<double>(), dense.at("latency_ns").get<double>(),
                        dense_cost(table, ladders, config.tokens));
  progress.report("evolving");
  const SearchRound round = search_ranks(config, ladders, costs, predictor, dense.at("edp_js").get<double>(), {});
  return {{"subnet", round.subnet},
          {"accuracy", round.accuracy},
          {"runners_up", round.runners_up},
          {"table", std::filesystem::relative(file, context.out()).string()},
          {"fixed", {{"energy_pj", costs.fixed.energy_pj}, {"latency_ns", costs.fixed.latency_ns}}},
          {"report", round.report}};
}

nlohmann::json stage_loop(PipelineContext& context, const StageResults& results, const std::string& folder,
                          StageProgress& progress) {
  const PipelineConfig& config = context.config();
  const auto ladders = ladders_from_json(results.at("supernet").at("ladders"));
  const AccuracyPredictor predictor = make_predictor(config, results.at("predictor"));
  const nlohmann::json &dense = results.at("dense"), &search = results.at("search");
  const std::string table_file = folder + "/cost_table.sqlite";
  CostTable::open(context.out() + "/" + search.at("table").get<std::string>()).write_copy(table_file);
  CostTable table = CostTable::open(table_file);
  ChoiceTable costs = choice_costs(table, ladders, config.tokens);
  costs.fixed = {search.at("fixed").at("energy_pj").get<double>(), search.at("fixed").at("latency_ns").get<double>(),
                 0};
  LoopFit fit(context);
  fit.add(spec::Schedule::load(context.out() + "/" + dense.at("schedule").get<std::string>()), dense);
  SubNet subnet = search.at("subnet").get<SubNet>();
  auto runners_up = search.at("runners_up").get<std::vector<SubNet>>();
  nlohmann::json rounds = nlohmann::json::array(), last_search = search.at("report");
  for (std::int64_t r = 1;; ++r) {
    const std::string name = "round " + std::to_string(r);
    progress.report(name + ": mapping");
    const auto scheduled =
        map_candidates(context, fit.calibration(), ladders, candidates_of(subnet, runners_up, config.candidates),
                       folder + "/round" + std::to_string(r), name);
    progress.report(name + ": simulating");
    const std::vector<nlohmann::json> runs = simulate_schedules(context, scheduled);
    nlohmann::json round = describe_round(r, subnet, fit.corrected(scheduled.front().schedule.prediction),
                                          subnet_cost(costs, subnet), runs.front().at("simulated"));
    for (std::size_t i = runs.size(); i-- > 0;) fit.add(scheduled[i].schedule, runs[i]);  // the choice last
    // The search runs at least once on corrected costs.
    const bool done = (r > 1 && round.at("edp_error").get<double>() <= config.tolerance) || r == config.max_rounds;
    progress.report(name + ": correcting the cost table");
    fit.update();
    round["rows_measured"] =
        correct_table(table, context.arch(), context.energy(), fit.calibration(), fit.measured(), config.threads);
    costs = choice_costs(table, ladders, config.tokens);
    costs.fixed = fixed_of(scheduled.front(), runs.front());
    if (!done) {
      const SearchRound again =
          search_ranks(config, ladders, costs, predictor, dense.at("simulated").at("edp_js").get<double>(), {subnet});
      round["layers_changed"] = changed_layers(subnet, again.subnet);
      last_search = again.report;
      subnet = again.subnet;
      runners_up = again.runners_up;
    }
    rounds.push_back(round);
    if (done) break;
  }
  const std::string file = folder + "/calibration.json";
  fit.calibration().save(file);
  const auto relative = [&](const std::string& f) { return std::filesystem::relative(f, context.out()).string(); };
  const nlohmann::json& chosen = results.at("cost-table").at("chosen");
  return {{"subnet", subnet},
          {"calibration_file", relative(file)},
          {"table", relative(table_file)},
          {"cost_table", describe_table(table, config, chosen)},
          {"pareto", table_points(table.rows(), chosen)},
          {"plans", to_json(plans_of(ladders, subnet))},
          {"rounds", rounds},
          {"search", last_search},
          {"calibration", fit.state()},
          {"errors", fit.errors()},
          {"points", fit.points()}};
}

}  // namespace heat::offline
