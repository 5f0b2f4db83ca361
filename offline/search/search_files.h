// The JSON files that `heat-offline search` reads and writes (docs/formats.md).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/config_reader.h"
#include "offline/search/evolution.h"

namespace heat::offline {

// The layers and choices a cost table must have.
struct LadderShape {
  std::string layer;
  std::vector<std::vector<std::int64_t>> choices;
  std::vector<std::int64_t> params;
};

// {"layers": {name: [{"ranks", "energy_pj", "latency_ns"}]}, "fixed": {"energy_pj", "latency_ns"}?}. Every choice of
// every ladder must be there; ConfigError names `name` and all that are missing.
ChoiceTable read_cost_table(const nlohmann::json& json, const std::vector<LadderShape>& ladders,
                            const std::string& name);

// population, generations, parents, mutation_probability, crossover_share, gamma, limits {energy_pj, latency_ns,
// edp_js, params}; all optional.
EvolutionConfig read_evolution(base::ConfigReader r, std::uint64_t seed);

nlohmann::ordered_json candidate_json(const Contender& c);
nlohmann::ordered_json history_json(const std::vector<Generation>& history);

}  // namespace heat::offline
