// Baselines are SubNets of the same ladders, so that their accuracy is measured in the same way.
#include "offline/search/baselines.h"

#include <algorithm>
#include <cstdio>

#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {

std::vector<Baseline> uniform_baselines(const ChoiceTable& table) {
  std::size_t most = 0;
  for (const auto& choices : table.layers) most = std::max(most, choices.size());
  std::vector<Baseline> out;
  for (std::size_t i = 0; i < most; ++i) {
    out.push_back({"uniform " + std::to_string(i), {}});
    for (const auto& choices : table.layers)
      out.back().genes.push_back(static_cast<int>(std::min(i, choices.size() - 1)));
  }
  return out;
}

std::vector<Baseline> rule_baselines(const ChoiceTable& table, const std::string& rule,
                                     const std::vector<double>& ratios,
                                     const std::function<int(std::size_t, double)>& choose) {
  std::vector<Baseline> out;
  for (double ratio : ratios) {
    char name[64];
    std::snprintf(name, sizeof name, "%s %.2f", rule.c_str(), ratio);
    out.push_back({name, {}});
    for (std::size_t l = 0; l < table.layers.size(); ++l) {
      const int choice = choose(l, ratio);
      HEAT_CHECK(choice >= 0 && choice < static_cast<int>(table.layers[l].size()),
                 "the rule gives a choice of the layer");
      out.back().genes.push_back(choice);
    }
  }
  return out;
}

std::vector<Baseline> random_baselines(const ChoiceTable& table, int count, const EvolutionConfig& config) {
  base::CounterRng rng(base::counter_hash(config.seed, 60));
  std::vector<Baseline> out;
  for (int i = 0; i < count; ++i)
    for (int attempt = 0; attempt < 1000; ++attempt) {
      Genes genes;
      for (const auto& choices : table.layers) genes.push_back(static_cast<int>(rng.below(choices.size())));
      if (assess(table, genes, 0, config).violation > 0) continue;
      out.push_back({"random " + std::to_string(i), std::move(genes)});
      break;
    }
  return out;
}

int nearest_choice(const std::vector<ChoiceCost>& choices, std::int64_t params) {
  HEAT_CHECK(!choices.empty(), "a layer has choices");
  const auto distance = [&](const ChoiceCost& c) { return std::abs(c.params - params); };
  return static_cast<int>(
      std::min_element(choices.begin(), choices.end(),
                       [&](const ChoiceCost& a, const ChoiceCost& b) { return distance(a) < distance(b); }) -
      choices.begin());
}

}  // namespace heat::offline
