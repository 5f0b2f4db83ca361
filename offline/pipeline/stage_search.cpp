// Stages 7 and 8: the search on predicted costs, and the loop through the simulator that corrects them.
#include <filesystem>

#include "offline/pipeline/fit.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/rank_search.h"
#include "offline/pipeline/simulation.h"
#include "offline/schedule/planner.h"

namespace heat::offline {
namespace {

spec::Prediction prediction_of(const nlohmann::json& figures) {
  spec::Prediction p;
  p.cycles = figures.at("cycles").get<double>();
  p.energy_pj = figures.at("energy_pj").get<double>();
  return p;
}

int changed_layers(const SubNet& a, const SubNet& b) {
  int changed = 0;
  for (std::size_t i = 0; i < a.size(); ++i) changed += a[i] != b[i];
  return changed;
}

}  // namespace

nlohmann::json stage_search(PipelineContext& context, const StageResults& results, StageProgress& progress) {
  const auto ladders = ladders_from_json(results.at("supernet").at("ladders"));
  const AccuracyPredictor predictor = make_predictor(context.config(), results.at("predictor"));
  LayerCosts costs(context, {});
  progress.report("costing rank choices");
  const spec::Prediction dense = prediction_of(results.at("dense").at("predicted"));
  const ChoiceTable table = costs.choices(ladders, dense, {});
  progress.report("evolving");
  const double dense_edp = results.at("dense").at("predicted").at("edp_js").get<double>();
  const SearchRound round = search_ranks(context.config(), ladders, table, predictor, dense_edp, {});
  return {{"subnet", round.subnet}, {"accuracy", round.accuracy}, {"report", round.report}};
}

nlohmann::json stage_loop(PipelineContext& context, const StageResults& results, const std::string& folder,
                          StageProgress& progress) {
  const PipelineConfig& config = context.config();
  const auto ladders = ladders_from_json(results.at("supernet").at("ladders"));
  const AccuracyPredictor predictor = make_predictor(config, results.at("predictor"));
  const nlohmann::json& dense = results.at("dense");
  LoopFit fit(context);
  fit.add(spec::Schedule::load(context.out() + "/" + dense.at("schedule").get<std::string>()), dense);
  SubNet subnet = results.at("search").at("subnet").get<SubNet>();
  nlohmann::json rounds = nlohmann::json::array(), last_search = results.at("search").at("report");
  for (std::int64_t r = 1;; ++r) {
    const std::string round_folder = folder + "/round" + std::to_string(r);
    std::filesystem::create_directories(round_folder);
    progress.report("round " + std::to_string(r) + ": mapping");
    LayerCosts costs(context, fit.calibration());
    const LoweredEncoder lowered = costs.schedule(plans_of(ladders, subnet));
    write_schedule(lowered.network.schedule, {}, round_folder + "/schedule.json");
    progress.report("round " + std::to_string(r) + ": simulating");
    const nlohmann::json run = simulate_schedule(context, lowered.network.schedule, round_folder,
                                                 "round " + std::to_string(r), {false, false, ""});
    const spec::Prediction predicted = fit.corrected(lowered.network.schedule.prediction);
    const double predicted_edp = predicted.energy_pj * predicted.cycles;
    const double simulated_edp =
        run.at("simulated").at("energy_pj").get<double>() * run.at("simulated").at("cycles").get<double>();
    const double error = relative_error(predicted_edp, simulated_edp);
    nlohmann::json round{{"round", r},
                         {"subnet", subnet},
                         {"predicted_cycles", predicted.cycles},
                         {"predicted_energy_pj", predicted.energy_pj},
                         {"simulated_cycles", run.at("simulated").at("cycles")},
                         {"simulated_energy_pj", run.at("simulated").at("energy_pj")},
                         {"edp_error", error}};
    fit.add(lowered.network.schedule, run);
    const bool done = error <= config.tolerance || r == config.max_rounds;
    progress.report("round " + std::to_string(r) + ": fitting");
    fit.update();
    if (!done) {
      LayerCosts corrected(context, fit.calibration());
      const LoweredEncoder dense_again = corrected.schedule({});
      const spec::Prediction dense_prediction = fit.corrected(dense_again.network.schedule.prediction);
      const ChoiceTable table = corrected.choices(ladders, dense_again.network.schedule.prediction, fit.corrections());
      const SearchRound again =
          search_ranks(config, ladders, table, predictor, dense.at("simulated").at("edp_js").get<double>(), {subnet});
      round["layers_changed"] = changed_layers(subnet, again.subnet);
      round["dense_predicted_cycles"] = dense_prediction.cycles;
      last_search = again.report;
      subnet = again.subnet;
    }
    rounds.push_back(round);
    if (done) break;
  }
  const std::string file = folder + "/calibration.json";
  fit.calibration().save(file);
  return {{"subnet", subnet},
          {"calibration_file", std::filesystem::relative(file, context.out()).string()},
          {"plans", to_json(plans_of(ladders, subnet))},
          {"rounds", rounds},
          {"search", last_search},
          {"calibration", fit.state()},
          {"errors", fit.errors()},
          {"points", fit.points()}};
}

}  // namespace heat::offline
