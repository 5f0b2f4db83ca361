// A NaN (a generation without a feasible candidate) is written as null.
#include "offline/search/search_files.h"

#include <cmath>

namespace heat::offline {

ChoiceTable read_cost_table(const nlohmann::json& json, const std::vector<LadderShape>& ladders,
                            const std::string& name) {
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_object())
    throw base::ConfigError(name + ": expected a map with 'layers'");
  base::Problems problems;
  const auto number = [&](const nlohmann::json& entry, const char* key, const std::string& place) {
    if (entry.contains(key) && entry[key].is_number() && entry[key].get<double>() >= 0) return entry[key].get<double>();
    problems.add(place, std::string("'") + key + "' is missing or no number from 0");
    return 0.0;
  };
  ChoiceTable table;
  for (const LadderShape& ladder : ladders) {
    const std::string place = name + ": layers." + ladder.layer;
    const auto list = json["layers"].value(ladder.layer, nlohmann::json());
    table.layers.emplace_back();
    for (std::size_t i = 0; i < ladder.choices.size(); ++i) {
      const nlohmann::json wanted = ladder.choices[i];
      const nlohmann::json* found = nullptr;
      if (list.is_array())
        for (const auto& entry : list)
          if (entry.is_object() && entry.value("ranks", nlohmann::json()) == wanted) found = &entry;
      if (!found) {
        problems.add(place, "no entry for ranks " + wanted.dump());
        continue;
      }
      table.layers.back().push_back(
          {number(*found, "energy_pj", place), number(*found, "latency_ns", place), ladder.params.at(i)});
    }
  }
  if (json.contains("fixed")) {
    table.fixed.energy_pj = number(json["fixed"], "energy_pj", name + ": fixed");
    table.fixed.latency_ns = number(json["fixed"], "latency_ns", name + ": fixed");
  }
  problems.throw_if_any();
  return table;
}

EvolutionConfig read_evolution(base::ConfigReader r, std::uint64_t seed) {
  EvolutionConfig c;
  c.seed = seed;
  c.population = static_cast<int>(r.integer_or("population", c.population, {2, 100000}));
  c.generations = static_cast<int>(r.integer_or("generations", c.generations, {0, 100000}));
  c.parents = static_cast<int>(r.integer_or("parents", c.parents, {1, 100000}));
  c.mutation_probability = r.number_or("mutation_probability", c.mutation_probability, {0, 1});
  c.crossover_share = r.number_or("crossover_share", c.crossover_share, {0, 1});
  c.gamma = r.number_or("gamma", c.gamma, {0, 10});
  if (auto limits = r.optional_section("limits")) {
    const auto limit = [&](const char* key, std::optional<double>& value) {
      if (limits->has(key)) value = limits->number(key, {0, 1e30});
    };
    limit("energy_pj", c.limits.energy_pj);
    limit("latency_ns", c.limits.latency_ns);
    limit("edp_js", c.limits.edp_js);
    if (limits->has("params")) c.limits.params = limits->integer("params", {0, std::int64_t{1} << 50});
  }
  return c;
}

nlohmann::ordered_json candidate_json(const Contender& c) {
  return {{"choices", c.genes},
          {"accuracy", c.accuracy},
          {"energy_pj", c.cost.energy_pj},
          {"latency_ns", c.cost.latency_ns},
          {"edp_js", c.cost.edp_js()},
          {"params", c.cost.params},
          {"score", c.score},
          {"feasible", c.violation == 0}};
}

nlohmann::ordered_json history_json(const std::vector<Generation>& history) {
  auto list = nlohmann::ordered_json::array();
  const auto number = [](double v) { return std::isnan(v) ? nlohmann::ordered_json() : nlohmann::ordered_json(v); };
  for (const Generation& g : history)
    list.push_back({{"best_score", number(g.best_score)},
                    {"mean_score", number(g.mean_score)},
                    {"feasible", g.feasible},
                    {"evaluations", g.evaluations}});
  return list;
}

}  // namespace heat::offline
