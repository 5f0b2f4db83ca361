// Per-tensor rank selection: minimise (1 - Acc) (E T)^gamma over one rank choice per layer (paper 2.2.2).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "spec/units.h"

namespace heat::offline {

using Genes = std::vector<int>;  // the rank choice of every layer (the SubNet of train/supernet.h)

// What one layer costs with one rank choice.
struct ChoiceCost {
  double energy_pj = 0;
  double latency_ns = 0;
  std::int64_t params = 0;
};

// The network's cost is the sum over its layers, plus what no choice changes.
struct ChoiceTable {
  std::vector<std::vector<ChoiceCost>> layers;  // [layer][choice]
  ChoiceCost fixed;
};

struct SubNetCost {
  double energy_pj = 0, latency_ns = 0;
  std::int64_t params = 0;
  double edp_js() const { return spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(latency_ns)); }
};
SubNetCost subnet_cost(const ChoiceTable& table, const Genes& genes);

// Hard limits; absent ones do not bind.
struct SearchLimits {
  std::optional<double> energy_pj, latency_ns, edp_js;
  std::optional<std::int64_t> params;
};

struct EvolutionConfig {
  std::uint64_t seed = 1;
  int population = 64;
  int generations = 50;
  int parents = 16;                   // the best of each generation that live on and breed
  double mutation_probability = 0.1;  // of each gene
  double crossover_share = 0.5;       // of the children; the others are mutated copies
  double gamma = 0.25;
  SearchLimits limits;
};

struct Contender {
  Genes genes;
  double accuracy = 0;
  SubNetCost cost;
  double score = 0;      // (1 - accuracy) (E T)^gamma, E in joules, T in seconds
  double violation = 0;  // sum of relative excesses over the limits; 0: feasible
};

struct Generation {
  double best_score = 0, mean_score = 0;  // of the feasible ones; NaN when there is none
  int feasible = 0;
  std::int64_t evaluations = 0;  // distinct candidates seen so far
};

struct EvolutionResult {
  Contender best;
  bool feasible = false;
  std::vector<Generation> history;
  std::vector<Contender> pareto;  // feasible candidates seen that none beats in both accuracy and EDP, by EDP
};

// accuracy: of a SubNet in [0, 1], usually the predictor's. Starts from `start` (may be empty) and random genes; the
// smallest and the largest choices are always among them. Deterministic. Throws ConfigError on an empty table or
// settings that leave no children.
EvolutionResult evolve(const ChoiceTable& table, const std::function<double(const Genes&)>& accuracy,
                       const EvolutionConfig& config, const std::vector<Genes>& start = {});

// Score and violation of one SubNet.
Contender assess(const ChoiceTable& table, const Genes& genes, double accuracy, const EvolutionConfig& config);

}  // namespace heat::offline
