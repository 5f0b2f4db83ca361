// Dynamic programming over contiguous runs: best[j] = min over i of best[i] + cost(i..j). Costs add up for energy and
// latency; for EDP the sum is linearised around the unfused plan (energy + ratio x cycles, the ratio rounded to quarter
// octaves so that similar layers share cached searches), and the plans are compared by their true EDP in the end.
#include "offline/mapper/fusion.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "offline/mapper/fusible_runs.h"

namespace heat::offline::mapper {
namespace {

// Groups of a chain, and what they cost together.
struct Partition {
  std::vector<SearchResult> groups;
  double cycles() const { return sum(&GroupCost::cycles); }
  double energy_pj() const { return sum(&GroupCost::energy_pj); }

 private:
  double sum(double GroupCost::*member) const {
    double total = 0;
    for (const SearchResult& g : groups) total += g.cost.*member;
    return total;
  }
};

class Planner {
 public:
  Planner(const spec::Workload& workload, const std::vector<ChainNode>& chain, const Machine& machine,
          const SearchOptions& options, SearchCache* cache, const FusionSpace& space)
      : w_(workload),
        chain_(chain),
        runs_(workload, chain, space, machine),
        machine_(machine),
        options_(options),
        cache_(cache) {}

  FusionResult run(int max_run) {
    FusionResult result;
    Partition alone;  // of those that can be
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      SearchResult found = map_alone(i, options_);
      if (found.feasible)
        alone.groups.push_back(std::move(found));
      else if (result.reason.empty())
        result.reason = found.reason;
    }
    std::optional<Partition> best;
    if (alone.groups.size() == chain_.size()) {
      result.unfused_cycles = alone.cycles();
      result.unfused_energy_pj = alone.energy_pj();
      best = alone;
    }
    if (chain_.size() > 1 && !alone.groups.empty()) {
      std::optional<Partition> fused = best_partition(linearised(alone), max_run);
      if (fused && (!best || value(fused->cycles(), fused->energy_pj(), options_) <
                                 value(best->cycles(), best->energy_pj(), options_)))
        best = std::move(fused);
    }
    if (!best) return result;
    result.reason.clear();
    result.feasible = true;
    result.cycles = best->cycles();
    result.energy_pj = best->energy_pj();
    for (SearchResult& g : best->groups) result.groups.push_back(std::move(g.group));
    return result;
  }

 private:
  // The objective of costs: linear when the options ask for it.
  double value(double cycles, double energy_pj, const SearchOptions& o) const {
    if (o.goal().linear()) return o.energy_weight * energy_pj + o.cycle_weight * cycles;
    return objective_value(o.objective, cycles, energy_pj, machine_.arch);
  }

  SearchOptions linearised(const Partition& around) const {
    SearchOptions linear = options_;
    if (options_.objective != Objective::kEdp || options_.goal().linear()) return linear;
    linear.energy_weight = 1;
    linear.cycle_weight = std::exp2(std::round(4 * std::log2(around.energy_pj() / around.cycles())) / 4);
    return linear;
  }

  // Nothing: no partition of the chain into groups that fit.
  std::optional<Partition> best_partition(const SearchOptions& options, int max_run) {
    struct State {
      double value = 0;
      std::size_t from = 0;
      SearchResult last;
    };
    std::vector<std::optional<State>> best(chain_.size() + 1);
    best[0] = State{};
    for (std::size_t j = 1; j <= chain_.size(); ++j)
      for (std::size_t i = j; i-- > 0 && j - i <= static_cast<std::size_t>(max_run);) {
        if (!best[i]) continue;
        SearchResult found = j - i > 1 ? map_run(i, j - 1, options) : map_alone(i, options);
        if (!found.feasible) continue;
        const double v = best[i]->value + value(found.cost.cycles, found.cost.energy_pj, options);
        if (!best[j] || v < best[j]->value) best[j] = State{v, i, std::move(found)};
      }
    if (!best.back()) return std::nullopt;
    Partition plan;
    for (std::size_t j = chain_.size(); j > 0; j = best[j]->from) plan.groups.push_back(std::move(best[j]->last));
    std::reverse(plan.groups.begin(), plan.groups.end());
    return plan;
  }

  // Tokens shared out over the chiplets make every one of them read all weights, features all inputs.
  SearchResult map_alone(std::size_t position, const SearchOptions& options) {
    SearchResult best;
    for (spec::LoopDim dim : runs_.dims(position))
      keep_better(best, map_group(w_, runs_.alone(position, dim), machine_, options, cache_), options);
    return best;
  }

  SearchResult map_run(std::size_t first, std::size_t last, const SearchOptions& options) {
    SearchResult best;
    for (spec::LoopDim dim : runs_.dims(first)) {
      if (!runs_.fusible(first, last, dim)) continue;
      spec::FusedGroup group = runs_.group(first, last, dim);
      keep_better(best, map_group(w_, group, machine_, options, cache_), options);
      group.ahead = runs_.ahead(first, last);
      if (group.ahead > 0) keep_better(best, map_group(w_, group, machine_, options, cache_), options);
    }
    return best;
  }

  // The first among equals.
  void keep_better(SearchResult& best, SearchResult found, const SearchOptions& options) const {
    const bool none = !best.feasible && best.reason.empty();
    if (none || (found.feasible && (!best.feasible || value(found.cost.cycles, found.cost.energy_pj, options) <
                                                          value(best.cost.cycles, best.cost.energy_pj, options))))
      best = std::move(found);
  }

  const spec::Workload& w_;
  const std::vector<ChainNode>& chain_;
  const FusibleRuns runs_;
  const Machine& machine_;
  const SearchOptions& options_;
  SearchCache* cache_;
};

}  // namespace

FusionResult plan_fusion(const spec::Workload& workload, const std::vector<ChainNode>& chain, const Machine& machine,
                         const SearchOptions& options, SearchCache* cache, const FusionSpace& space) {
  return Planner(workload, chain, machine, options, cache, space).run(space.max_run);
}

}  // namespace heat::offline::mapper
