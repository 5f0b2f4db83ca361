// Stages 5 and 6: level 2's weight-sharing SuperNet, and the forest that predicts a SubNet's accuracy from its ranks.
#include <filesystem>

#include "offline/decompose/rank_rules.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/subnets.h"

namespace heat::offline {
namespace {

ProgressCallback steps_of(StageProgress& progress) {
  return [&progress](const Progress& p) {
    char text[96];
    std::snprintf(text, sizeof text, "step %lld/%lld  loss %.4f", static_cast<long long>(p.step),
                  static_cast<long long>(p.total), p.loss);
    progress.report(text);
  };
}

// The chosen shape of each size at the ratio of the largest SubNet.
std::vector<LayerPlan> largest_plans(PipelineContext& context, const StageResults& results) {
  std::vector<LayerPlan> plans;
  for (const auto& [name, linear] : context.teacher().model.body_linears())
    for (const auto& row : results.at("cost-table").at("chosen")) {
      const std::int64_t out = (*linear)->out_features(), in = (*linear)->in_features();
      if (row.at("rows") != out || row.at("cols") != in) continue;
      LayerPlan plan;
      plan.layer = name;
      plan.method = method_from_name(row.at("method").get<std::string>());
      plan.shape = parse_shape(row.at("shape").get<std::string>(), plan.method, out, in);
      plan.ranks = fitting_ranks(plan.method, plan.shape, context.config().supernet_ratio).ranks;
      plans.push_back(std::move(plan));
    }
  return plans;
}

DecomposeOptions decompose_options(const PipelineConfig& config) {
  DecomposeOptions options;
  options.seed = config.seed;
  options.threads = config.threads;
  options.max_iterations = 30;
  return options;
}

}  // namespace

SuperNet make_supernet(PipelineContext& context, const StageResults& results) {
  const PipelineConfig& config = context.config();
  return SuperNet(context.teacher().model, largest_plans(context, results), config.fractions,
                  config.supernet.normalize_variance, decompose_options(config));
}

SuperNet load_supernet(PipelineContext& context, const StageResults& results) {
  SuperNet supernet = make_supernet(context, results);
  read_parameters(supernet.model(), context.out() + "/" + results.at("supernet").at("file").get<std::string>());
  return supernet;
}

nlohmann::json stage_supernet(PipelineContext& context, const StageResults& results, const std::string& folder,
                              StageProgress& progress) {
  progress.report("decomposing");
  SuperNet supernet = make_supernet(context, results);
  RunFolder run;
  run.path = folder;
  run.checkpoint_steps = 50;
  if (!train_supernet(supernet, context.teacher().model, context.train(), context.config().supernet, run,
                      steps_of(progress)))
    throw base::Error("stopped; the same command goes on from here");
  const std::string file = folder + "/supernet.safetensors";
  write_parameters(supernet.model(), file, {});
  nlohmann::json ladders = nlohmann::json::array();
  for (const RankLadder& l : supernet.ladders())
    ladders.push_back({{"layer", l.layer},
                       {"method", method_name(l.method)},
                       {"row_modes", l.shape.row_modes},
                       {"col_modes", l.shape.col_modes},
                       {"choices", l.choices},
                       {"params", l.params}});
  return {{"file", std::filesystem::relative(file, context.out()).string()}, {"ladders", ladders}};
}

nlohmann::json stage_predictor(PipelineContext& context, const StageResults& results, const std::string& folder,
                               StageProgress& progress) {
  SuperNet supernet = load_supernet(context, results);
  std::vector<SubNet> subnets = random_subnets(supernet.ladders(), context.config().subnets, context.config().seed);
  // The uniform SubNets, from the smallest to the largest, so that the forest has seen both ends.
  for (std::size_t c = 0; c < context.config().fractions.size(); ++c) {
    SubNet uniform;
    for (const RankLadder& l : supernet.ladders())
      uniform.push_back(static_cast<int>(std::min(c, l.choices.size() - 1)));
    subnets.push_back(std::move(uniform));
  }
  const std::vector<SubNetScore> scores = score_subnets(
      supernet, context.dev(), subnets, folder,
      [&](const Progress& p) { progress.report("subnet " + std::to_string(p.step) + "/" + std::to_string(p.total)); },
      context.config().jobs);
  nlohmann::json samples = nlohmann::json::array();
  for (const SubNetScore& s : scores) samples.push_back({{"subnet", s.subnet}, {"accuracy", s.accuracy}});
  nlohmann::json result{{"samples", samples}};
  const AccuracyPredictor predictor = make_predictor(context.config(), result);
  nlohmann::json points = nlohmann::json::array();
  for (std::size_t i = 0; i < predictor.held_out_accuracy().size(); ++i)
    points.push_back({{"predicted", predictor.held_out_prediction()[i]}, {"actual", predictor.held_out_accuracy()[i]}});
  result["spearman"] = predictor.spearman();
  result["points"] = points;
  return result;
}

}  // namespace heat::offline
