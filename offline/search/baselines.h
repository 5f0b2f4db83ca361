// What the searched ranks are always printed beside: uniform, rule-given and random ranks under the same budget.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "offline/search/evolution.h"

namespace heat::offline {

struct Baseline {
  std::string name;  // "uniform 3", "tensorly 0.50", "random 7"
  Genes genes;
};

// The same choice index in every layer, for every index (clipped to the layer's last).
std::vector<Baseline> uniform_baselines(const ChoiceTable& table);

// Ranks of a rule for each ratio: `choose` maps (layer, ratio) to the layer's nearest choice index, e.g. from
// tensorly_ranks of decompose/rank_rules.h.
std::vector<Baseline> rule_baselines(const ChoiceTable& table, const std::string& rule,
                                     const std::vector<double>& ratios,
                                     const std::function<int(std::size_t layer, double ratio)>& choose);

// `count` random SubNets that keep the limits of `config` (tried up to 1,000 times each).
std::vector<Baseline> random_baselines(const ChoiceTable& table, int count, const EvolutionConfig& config);

// The choice whose parameters are nearest to `params`; of two as near the smaller.
int nearest_choice(const std::vector<ChoiceCost>& choices, std::int64_t params);

}  // namespace heat::offline
