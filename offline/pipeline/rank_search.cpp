// The evolution is offline/search; here are the limits, the choice on its Pareto front and the baselines beside it.
#include "offline/pipeline/rank_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/errors.h"
#include "offline/decompose/rank_rules.h"
#include "offline/search/baselines.h"
#include "offline/search/search_files.h"

namespace heat::offline {
namespace {

// TensorLy's rule for one layer, as the nearest choice of its ladder.
int tensorly_choice(const RankLadder& ladder, const std::vector<ChoiceCost>& costs, double ratio) {
  std::vector<std::int64_t> modes = ladder.shape.modes();
  const RankFormat format = ladder.method == Method::kTucker ? RankFormat::kTucker
                            : ladder.method == Method::kTtm  ? RankFormat::kTensorTrainMatrix
                                                             : RankFormat::kCp;
  try {
    return nearest_choice(costs, tensorly_ranks(format, modes, ratio).params);
  } catch (const base::ConfigError&) {  // the rule's equation has no solution for this shape
    return nearest_choice(costs, static_cast<std::int64_t>(ratio * static_cast<double>(ladder.shape.elements())));
  }
}

nlohmann::json describe_baselines(const PipelineConfig& config, const std::vector<RankLadder>& ladders,
                                  const ChoiceTable& table, const std::function<double(const Genes&)>& accuracy,
                                  const EvolutionConfig& evolution) {
  std::vector<Baseline> baselines = uniform_baselines(table);
  const auto choose = [&](std::size_t layer, double ratio) {
    return tensorly_choice(ladders[layer], table.layers[layer], ratio);
  };
  for (const auto& b : rule_baselines(table, "tensorly", config.level1.ratios, choose)) baselines.push_back(b);
  nlohmann::json list = nlohmann::json::array();
  for (const Baseline& b : baselines) {
    const Contender c = assess(table, b.genes, accuracy(b.genes), evolution);
    nlohmann::json entry = candidate_json(c);
    entry["name"] = b.name;
    entry["objective"] = c.score;
    list.push_back(entry);
  }
  return list;
}

}  // namespace

std::vector<RankLadder> ladders_from_json(const nlohmann::json& json) {
  std::vector<RankLadder> ladders;
  for (const auto& l : json) {
    RankLadder ladder;
    ladder.layer = l.at("layer").get<std::string>();
    ladder.method = method_from_name(l.at("method").get<std::string>());
    ladder.shape = {l.at("row_modes").get<std::vector<std::int64_t>>(),
                    l.at("col_modes").get<std::vector<std::int64_t>>()};
    ladder.choices = l.at("choices").get<std::vector<std::vector<std::int64_t>>>();
    ladder.params = l.at("params").get<std::vector<std::int64_t>>();
    ladders.push_back(std::move(ladder));
  }
  return ladders;
}

std::vector<LayerPlan> plans_of(const std::vector<RankLadder>& ladders, const SubNet& subnet) {
  std::vector<LayerPlan> plans;
  for (std::size_t l = 0; l < ladders.size(); ++l)
    plans.push_back({ladders[l].layer, ladders[l].method, ladders[l].shape,
                     ladders[l].choices[static_cast<std::size_t>(subnet[l])]});
  return plans;
}

SearchRound search_ranks(const PipelineConfig& config, const std::vector<RankLadder>& ladders, const ChoiceTable& table,
                         const AccuracyPredictor& predictor, double dense_edp_js, const std::vector<SubNet>& start) {
  EvolutionConfig evolution = config.evolution;
  evolution.limits.edp_js = config.max_edp_ratio * dense_edp_js;
  const auto accuracy = [&](const Genes& genes) { return predictor.predict(features_of(genes)); };
  const EvolutionResult result = evolve(table, accuracy, evolution, start);
  Genes largest;
  for (const RankLadder& l : ladders) largest.push_back(static_cast<int>(l.choices.size()) - 1);
  const double floor = accuracy(largest) - config.max_accuracy_drop;
  const Contender* best = nullptr;
  for (const Contender& c : result.pareto) {
    const bool good = c.accuracy >= floor;
    const bool best_good = best && best->accuracy >= floor;
    if (!best || (good && !best_good) || (good && c.score < best->score) ||
        (!good && !best_good && c.accuracy > best->accuracy))
      best = &c;
  }
  if (!best) best = &result.best;
  SearchRound round;
  round.subnet = best->genes;
  round.accuracy = best->accuracy;
  std::vector<const Contender*> others;
  for (const Contender& c : result.pareto)
    if (c.genes != best->genes) others.push_back(&c);
  std::stable_sort(others.begin(), others.end(), [&](const Contender* a, const Contender* b) {
    return std::pair(a->accuracy < floor, a->score) < std::pair(b->accuracy < floor, b->score);
  });
  for (std::size_t i = 0; i < others.size() && i < kRunnersUp; ++i) round.runners_up.push_back(others[i]->genes);
  nlohmann::json generations = nlohmann::json::array();
  for (std::size_t g = 0; g < result.history.size(); ++g) {
    const Generation& h = result.history[g];
    if (std::isnan(h.best_score)) continue;
    generations.push_back(
        {{"generation", g}, {"best", h.best_score}, {"mean", h.mean_score}, {"evaluations", h.evaluations}});
  }
  round.report = {{"generations", generations},
                  {"baselines", describe_baselines(config, ladders, table, accuracy, evolution)},
                  {"best", candidate_json(*best)},
                  {"feasible", result.feasible},
                  {"limit_edp_js", *evolution.limits.edp_js}};
  return round;
}

}  // namespace heat::offline
