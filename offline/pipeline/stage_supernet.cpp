// Stages 5 and 6: level 2's weight-sharing SuperNet, and the forest that predicts a SubNet's accuracy from its ranks.
#include <algorithm>

#include "offline/decompose/form_text.h"
#include "offline/decompose/rank_rules.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/subnets.h"
#include "offline/train/subnet_scores.h"

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
std::vector<LayerForm> largest_forms(PipelineContext& context, const std::vector<ChosenShape>& chosen) {
  std::vector<LayerForm> forms;
  for (const auto& [name, linear] : context.teacher().model.body_linears())
    for (const ChosenShape& size : chosen) {
      const std::int64_t out = (*linear)->out_features(), in = (*linear)->in_features();
      const TensorShape& shape = size.form.shape;
      if (shape.rows() != out || shape.cols() != in) continue;
      forms.push_back({name, fitting_form(method_of(size.form), shape, context.config().supernet_ratio)});
    }
  return forms;
}

DecomposeOptions decompose_options(const PipelineConfig& config) {
  DecomposeOptions options;
  options.seed = config.seed;
  options.threads = config.threads;
  options.max_iterations = 30;
  return options;
}

// The predictor's samples: random SubNets, and the uniform ones from the smallest to the largest, so that the forest has
// seen both ends.
std::vector<SubNet> sampled_subnets(const SuperNet& supernet, const PipelineConfig& config) {
  std::vector<SubNet> subnets = random_subnets(supernet.ladders(), config.subnets, config.seed);
  for (std::size_t c = 0; c < config.fractions.size(); ++c) {
    SubNet uniform;
    for (const RankLadder& l : supernet.ladders())
      uniform.push_back(static_cast<int>(std::min(c, l.choices.size() - 1)));
    subnets.push_back(std::move(uniform));
  }
  return subnets;
}

std::vector<SubNetScore> score(SuperNet& supernet, const StageRun& run, const base::Shard& shard) {
  const PipelineConfig& config = run.context.config();
  ScoreOptions options;
  options.folder = run.folder;
  options.shard = shard;
  options.threads = config.jobs.own_threads();
  options.progress = [&](const Progress& p) {
    run.progress.report("subnet " + std::to_string(p.step) + "/" + std::to_string(p.total));
  };
  return score_subnets(supernet, run.context.dev(), sampled_subnets(supernet, config), options);
}

}  // namespace

SuperNet make_supernet(PipelineContext& context, const StageResults& results) {
  const PipelineConfig& config = context.config();
  return SuperNet(context.teacher().model, largest_forms(context, results.get<CostTableResult>().chosen),
                  config.fractions, config.supernet.normalize_variance, decompose_options(config));
}

SuperNet load_supernet(PipelineContext& context, const StageResults& results) {
  SuperNet supernet = make_supernet(context, results);
  read_parameters(supernet.model(), context.absolute(results.get<SupernetResult>().file));
  return supernet;
}

SupernetResult stage_supernet(const StageRun& run) {
  PipelineContext& context = run.context;
  run.progress.report("decomposing");
  SuperNet supernet = make_supernet(context, run.results);
  RunFolder folder;
  folder.path = run.folder;
  folder.checkpoint_steps = 50;
  if (!train_supernet(supernet, context.teacher().model, context.train(), context.config().supernet, folder,
                      steps_of(run.progress)))
    throw base::Error("stopped; the same command goes on from here");
  const std::string file = run.folder + "/supernet.safetensors";
  write_parameters(supernet.model(), file, {});
  return {context.relative(file), supernet.ladders()};
}

AccuracyPredictor make_predictor(const PipelineConfig& config, const std::vector<ScoredSubNet>& samples) {
  std::vector<PredictorSample> list;
  for (const ScoredSubNet& s : samples) list.push_back({features_of(s.subnet), s.accuracy});
  return AccuracyPredictor(list, config.predictor);
}

void part_of_predictor(const StageRun& run, const base::Shard& shard) {
  SuperNet supernet = load_supernet(run.context, run.results);
  score(supernet, run, shard);
}

PredictorResult stage_predictor(const StageRun& run) {
  run.context.farm_out();
  SuperNet supernet = load_supernet(run.context, run.results);
  PredictorResult result;
  for (const SubNetScore& s : score(supernet, run, {})) result.samples.push_back({s.subnet, s.accuracy});
  const AccuracyPredictor predictor = make_predictor(run.context.config(), result.samples);
  for (std::size_t i = 0; i < predictor.held_out_accuracy().size(); ++i)
    result.points.push_back({predictor.held_out_prediction()[i], predictor.held_out_accuracy()[i]});
  result.spearman = predictor.spearman();
  return result;
}

}  // namespace heat::offline
