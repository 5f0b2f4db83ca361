// The evolution is offline/search; here are the limits, the choice on its Pareto front and the baselines beside it.
#include "offline/pipeline/rank_search.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/errors.h"
#include "offline/decompose/rank_rules.h"
#include "offline/search/baselines.h"

namespace heat::offline {
namespace {

// TensorLy's rule for one layer, as the nearest choice of its ladder.
int tensorly_choice(const RankLadder& ladder, const std::vector<ChoiceCost>& costs, double ratio) {
  const Form& form = ladder.choices.at(0);
  try {
    return nearest_choice(costs, tensorly_ranks(method_of(form).tensorly_rule(), form.shape.modes(), ratio).params);
  } catch (const base::ConfigError&) {  // the rule's equation has no solution for this shape
    return nearest_choice(costs, static_cast<std::int64_t>(ratio * static_cast<double>(form.shape.elements())));
  }
}

AssessedSubNet assessed(const Contender& c) {
  return {c.genes,         c.accuracy,    c.cost.energy_pj, c.cost.latency_ns,
          c.cost.edp_js(), c.cost.params, c.score,          c.violation == 0};
}

std::vector<AssessedBaseline> assess_baselines(const PipelineConfig& config, const std::vector<RankLadder>& ladders,
                                               const ChoiceTable& table,
                                               const std::function<double(const Genes&)>& accuracy,
                                               const EvolutionConfig& evolution) {
  std::vector<Baseline> baselines = uniform_baselines(table);
  const auto choose = [&](std::size_t layer, double ratio) {
    return tensorly_choice(ladders[layer], table.layers[layer], ratio);
  };
  for (const auto& b : rule_baselines(table, "tensorly", config.level1.ratios, choose)) baselines.push_back(b);
  std::vector<AssessedBaseline> list;
  for (const Baseline& b : baselines)
    list.push_back({b.name, assessed(assess(table, b.genes, accuracy(b.genes), evolution))});
  return list;
}

// The SubNet of least score whose accuracy is at least `floor`, else the most accurate.
const Contender& choose_contender(const EvolutionResult& result, double floor) {
  const Contender* best = nullptr;
  for (const Contender& c : result.pareto) {
    const bool good = c.accuracy >= floor;
    const bool best_good = best && best->accuracy >= floor;
    if (!best || (good && !best_good) || (good && c.score < best->score) ||
        (!good && !best_good && c.accuracy > best->accuracy))
      best = &c;
  }
  return best ? *best : result.best;
}

// The next best after `best` by the same rule.
std::vector<SubNet> runners_up(const EvolutionResult& result, const Contender& best, double floor) {
  std::vector<const Contender*> others;
  for (const Contender& c : result.pareto)
    if (c.genes != best.genes) others.push_back(&c);
  std::stable_sort(others.begin(), others.end(), [&](const Contender* a, const Contender* b) {
    return std::pair(a->accuracy < floor, a->score) < std::pair(b->accuracy < floor, b->score);
  });
  std::vector<SubNet> list;
  for (std::size_t i = 0; i < others.size() && i < kRunnersUp; ++i) list.push_back(others[i]->genes);
  return list;
}

std::vector<SearchGeneration> feasible_generations(const std::vector<Generation>& history) {
  std::vector<SearchGeneration> list;
  for (std::size_t g = 0; g < history.size(); ++g)
    if (!std::isnan(history[g].best_score))
      list.push_back(
          {static_cast<std::int64_t>(g), history[g].best_score, history[g].mean_score, history[g].evaluations});
  return list;
}

}  // namespace
SearchRound search_ranks(const PipelineConfig& config, const std::vector<RankLadder>& ladders, const ChoiceTable& table,
                         const AccuracyPredictor& predictor, double dense_edp_js, const std::vector<SubNet>& start) {
  EvolutionConfig evolution = config.evolution;
  evolution.limits.edp_js = config.max_edp_ratio * dense_edp_js;
  const auto accuracy = [&](const Genes& genes) { return predictor.predict(features_of(genes)); };
  const EvolutionResult result = evolve(table, accuracy, evolution, start);
  Genes largest;
  for (const RankLadder& l : ladders) largest.push_back(static_cast<int>(l.choices.size()) - 1);
  const double floor = accuracy(largest) - config.max_accuracy_drop;
  const Contender& best = choose_contender(result, floor);
  SearchRound round;
  round.subnet = best.genes;
  round.accuracy = best.accuracy;
  round.runners_up = runners_up(result, best, floor);
  round.report = {feasible_generations(result.history), assess_baselines(config, ladders, table, accuracy, evolution),
                  assessed(best), result.feasible, *evolution.limits.edp_js};
  return round;
}

}  // namespace heat::offline
