// Elitist evolution. Feasible candidates come before infeasible ones, those by score, these by their violation; equal
// ones by genes, so that the order is total and the run deterministic.
#include "offline/search/evolution.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {
namespace {

bool better(const Contender& a, const Contender& b) {
  if (a.violation != b.violation) return a.violation < b.violation;
  if (a.score != b.score) return a.score < b.score;
  return a.genes < b.genes;
}

double excess(double value, double limit) {
  return value > limit ? (limit > 0 ? value / limit - 1 : value) : 0;
}

class Search {
 public:
  Search(const ChoiceTable& table, const std::function<double(const Genes&)>& accuracy, const EvolutionConfig& config)
      : table_(table), accuracy_(accuracy), config_(config), rng_(base::counter_hash(config.seed, 50)) {}

  EvolutionResult run(const std::vector<Genes>& start) {
    EvolutionResult result;
    std::vector<Contender> population = first_population(start);
    for (int g = 0;; ++g) {
      std::sort(population.begin(), population.end(), better);
      result.history.push_back(summary(population));
      if (g == config_.generations) break;
      population = next(population);
    }
    result.best = population.front();
    result.feasible = result.best.violation == 0;
    result.pareto = pareto();
    return result;
  }

 private:
  const Contender& evaluate(const Genes& genes) {
    const auto it = seen_.find(genes);
    if (it != seen_.end()) return it->second;
    return seen_.emplace(genes, assess(table_, genes, accuracy_(genes), config_)).first->second;
  }

  int random_choice(std::size_t layer) { return static_cast<int>(rng_.below(table_.layers[layer].size())); }

  std::vector<Contender> first_population(const std::vector<Genes>& start) {
    const std::size_t layers = table_.layers.size();
    std::vector<Genes> genes = start;
    genes.emplace_back(layers, 0);
    genes.emplace_back();
    for (const auto& choices : table_.layers) genes.back().push_back(static_cast<int>(choices.size()) - 1);
    while (genes.size() < static_cast<std::size_t>(config_.population)) {
      genes.emplace_back();
      for (std::size_t l = 0; l < layers; ++l) genes.back().push_back(random_choice(l));
    }
    std::vector<Contender> out;
    for (const Genes& g : genes) out.push_back(evaluate(g));
    return out;
  }

  // `sorted`: best first.
  std::vector<Contender> next(const std::vector<Contender>& sorted) {
    std::vector<Contender> out(sorted.begin(),
                               sorted.begin() + std::min<std::ptrdiff_t>(config_.parents, sorted.size()));
    const std::size_t parents = out.size();
    const auto crossed = static_cast<int>(config_.crossover_share * (config_.population - config_.parents));
    for (int child = 0; child < config_.population - config_.parents; ++child) {
      Genes genes = sorted[rng_.below(parents)].genes;
      if (child < crossed) {
        const Genes& other = sorted[rng_.below(parents)].genes;
        for (std::size_t l = 0; l < genes.size(); ++l)
          if (rng_.uniform() < 0.5) genes[l] = other[l];
      }
      mutate(genes);
      out.push_back(evaluate(genes));
    }
    return out;
  }

  // Half of the mutations step to a neighbouring rank, half jump. At least one gene changes its draw.
  void mutate(Genes& genes) {
    const std::size_t forced = rng_.below(genes.size());
    for (std::size_t l = 0; l < genes.size(); ++l) {
      const bool change = rng_.uniform() < config_.mutation_probability || l == forced;
      if (!change) continue;
      const int last = static_cast<int>(table_.layers[l].size()) - 1;
      if (rng_.uniform() < 0.5)
        genes[l] = random_choice(l);
      else
        genes[l] = std::clamp(genes[l] + (rng_.uniform() < 0.5 ? -1 : 1), 0, last);
    }
  }

  Generation summary(const std::vector<Contender>& sorted) const {
    Generation g{std::nan(""), std::nan(""), 0, static_cast<std::int64_t>(seen_.size())};
    double sum = 0;
    for (const Contender& c : sorted) {
      if (c.violation > 0) continue;
      sum += c.score;
      ++g.feasible;
    }
    if (g.feasible > 0) {
      g.best_score = sorted.front().score;
      g.mean_score = sum / g.feasible;
    }
    return g;
  }

  std::vector<Contender> pareto() const {
    std::vector<Contender> all;
    for (const auto& [genes, c] : seen_)
      if (c.violation == 0) all.push_back(c);
    std::sort(all.begin(), all.end(), [](const Contender& a, const Contender& b) {
      const double ea = a.cost.edp_js(), eb = b.cost.edp_js();
      return ea != eb ? ea < eb : a.accuracy != b.accuracy ? a.accuracy > b.accuracy : a.genes < b.genes;
    });
    std::vector<Contender> front;
    for (const Contender& c : all)
      if (front.empty() || c.accuracy > front.back().accuracy) front.push_back(c);
    return front;
  }

  const ChoiceTable& table_;
  const std::function<double(const Genes&)>& accuracy_;
  const EvolutionConfig& config_;
  base::CounterRng rng_;
  std::map<Genes, Contender> seen_;
};

void check(const ChoiceTable& table, const EvolutionConfig& config, const std::vector<Genes>& start) {
  base::Problems problems;
  if (table.layers.empty()) problems.add("cost table", "has no layers");
  for (std::size_t l = 0; l < table.layers.size(); ++l)
    if (table.layers[l].empty()) problems.add("cost table", "layer " + std::to_string(l) + " has no choices");
  if (config.parents < 1) problems.add("evolution: parents", "is " + std::to_string(config.parents) + ", at least 1");
  if (config.population <= config.parents)
    problems.add("evolution: population", "is " + std::to_string(config.population) + ", must be above parents " +
                                              std::to_string(config.parents));
  if (config.generations < 0) problems.add("evolution: generations", "is negative");
  for (const Genes& g : start) {
    bool fits = g.size() == table.layers.size();
    for (std::size_t l = 0; fits && l < g.size(); ++l)
      fits = g[l] >= 0 && g[l] < static_cast<int>(table.layers[l].size());
    if (!fits) problems.add("evolution: start", "a SubNet does not fit the cost table");
  }
  problems.throw_if_any();
}

}  // namespace

SubNetCost subnet_cost(const ChoiceTable& table, const Genes& genes) {
  HEAT_CHECK(genes.size() == table.layers.size(), "a choice for every layer");
  SubNetCost sum{table.fixed.energy_pj, table.fixed.latency_ns, table.fixed.params};
  for (std::size_t l = 0; l < genes.size(); ++l) {
    const ChoiceCost& c = table.layers[l].at(genes[l]);
    sum.energy_pj += c.energy_pj;
    sum.latency_ns += c.latency_ns;
    sum.params += c.params;
  }
  return sum;
}

Contender assess(const ChoiceTable& table, const Genes& genes, double accuracy, const EvolutionConfig& config) {
  Contender c{genes, accuracy, subnet_cost(table, genes), 0, 0};
  c.score = (1 - accuracy) * std::pow(c.cost.edp_js(), config.gamma);
  const SearchLimits& limits = config.limits;
  if (limits.energy_pj) c.violation += excess(c.cost.energy_pj, *limits.energy_pj);
  if (limits.latency_ns) c.violation += excess(c.cost.latency_ns, *limits.latency_ns);
  if (limits.edp_js) c.violation += excess(c.cost.edp_js(), *limits.edp_js);
  if (limits.params) c.violation += excess(static_cast<double>(c.cost.params), static_cast<double>(*limits.params));
  return c;
}

EvolutionResult evolve(const ChoiceTable& table, const std::function<double(const Genes&)>& accuracy,
                       const EvolutionConfig& config, const std::vector<Genes>& start) {
  check(table, config, start);
  return Search(table, accuracy, config).run(start);
}

}  // namespace heat::offline
