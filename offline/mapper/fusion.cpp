// Dynamic programming over contiguous runs: best[i] = min over j of cost(i..j) + best[j]. A node alone has a bound for a
// cost until a best partition has it in a group by itself: then it is mapped, and the partition chosen again. Costs add
// up for energy and latency; for EDP the sum is linearised around the unfused plan (energy + ratio x cycles, the ratio
// rounded to quarter octaves so that similar layers share cached searches), and the plans are compared by their true EDP
// in the end.
#include "offline/mapper/fusion.h"

#include <algorithm>
#include <cmath>
#include <limits>
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
        cache_(cache ? cache : &own_cache_) {}

  FusionResult run(int max_run) {
    FusionResult result;
    const bool linear = !needs_linearising();
    std::optional<Partition> best;
    SearchOptions options = options_;
    if (!linear) {
      const Partition alone = all_alone(result.reason);
      if (alone.groups.empty()) return result;
      options = linearised(alone);
      if (alone.groups.size() == chain_.size()) best = alone;
    }
    std::optional<Partition> fused = best_partition(options, max_run);
    if (!fused && linear) all_alone(result.reason);
    if (fused && (!best || value_of(*fused) < value_of(*best))) best = std::move(fused);
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
  double value_of(const Partition& p) const { return value(p.cycles(), p.energy_pj(), options_); }

  bool needs_linearising() const { return options_.objective == Objective::kEdp && !options_.goal().linear(); }

  SearchOptions linearised(const Partition& around) const {
    SearchOptions linear = options_;
    linear.energy_weight = 1;
    linear.cycle_weight = std::exp2(std::round(4 * std::log2(around.energy_pj() / around.cycles())) / 4);
    return linear;
  }

  // Those nodes that can be alone, each in a group of its own; in `reason` why the first of the others cannot.
  Partition all_alone(std::string& reason) {
    Partition alone;
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      SearchResult found = map_alone(i, options_);
      if (found.feasible)
        alone.groups.push_back(std::move(found));
      else if (reason.empty())
        reason = found.reason;
    }
    return alone;
  }

  // What a run of nodes costs as one group; a single node's is a bound until a best partition has it in a group by itself.
  struct Run {
    double value = kNever;
    bool is_bound = false;
    SearchResult found;  // once it is exact
  };

  // Nothing: no partition of the chain into groups that fit.
  std::optional<Partition> best_partition(const SearchOptions& options, int max_run) {
    std::vector<std::vector<Run>> runs(chain_.size());  // by first node, by nodes after it
    for (std::size_t i = 0; i < chain_.size(); ++i) {
      runs[i].resize(std::min<std::size_t>(max_run, chain_.size() - i));
      runs[i][0] = {least_alone(i, options), true, {}};
      for (std::size_t more = 1; more < runs[i].size(); ++more)
        settle(runs[i][more], map_run(i, i + more, options), options);
    }
    for (;;) {
      const auto lengths = shortest_path(runs);
      if (!lengths) return std::nullopt;
      bool is_exact = true;
      for (std::size_t i = 0; i < chain_.size(); i += (*lengths)[i]) {
        Run& run = runs[i][(*lengths)[i] - 1];
        if (!run.is_bound) continue;
        settle(run, map_alone(i, options), options);
        is_exact = false;
      }
      if (!is_exact) continue;
      Partition plan;
      for (std::size_t i = 0; i < chain_.size(); i += (*lengths)[i])
        plan.groups.push_back(std::move(runs[i][(*lengths)[i] - 1].found));
      return plan;
    }
  }

  void settle(Run& run, SearchResult found, const SearchOptions& options) const {
    run.value = found.feasible ? value(found.cost.cycles, found.cost.energy_pj, options) : kNever;
    run.is_bound = false;
    run.found = std::move(found);
  }

  // By first node of a run on the path: how many nodes it has. Nothing: no path to the end.
  std::optional<std::vector<std::size_t>> shortest_path(const std::vector<std::vector<Run>>& runs) const {
    const std::size_t n = chain_.size();
    std::vector<double> rest(n + 1, kNever);  // least value of the nodes from here on
    std::vector<std::size_t> lengths(n, 0);
    rest[n] = 0;
    for (std::size_t i = n; i-- > 0;)
      for (std::size_t more = 0; more < runs[i].size(); ++more) {
        const double v = runs[i][more].value + rest[i + more + 1];
        if (v >= rest[i]) continue;
        rest[i] = v;
        lengths[i] = more + 1;
      }
    if (n > 0 && rest[0] == kNever) return std::nullopt;
    return lengths;
  }

  // A bound of map_alone's value; of a row operation as good as none.
  double least_alone(std::size_t position, const SearchOptions& options) {
    if (!w_.nodes[chain_[position].node].gemm) return 0;
    double least = kNever;
    for (spec::LoopDim dim : runs_.dims(position))
      least = std::min(least, least_value(w_, runs_.alone(position, dim), machine_, options, *cache_));
    return least;
  }

  // Tokens shared out over the chiplets make every one of them read all weights, features all inputs.
  SearchResult map_alone(std::size_t position, const SearchOptions& options) {
    SearchResult best;
    for (spec::LoopDim dim : runs_.dims(position)) try_group(best, runs_.alone(position, dim), options);
    return best;
  }

  SearchResult map_run(std::size_t first, std::size_t last, const SearchOptions& options) {
    SearchResult best;
    for (spec::LoopDim dim : runs_.dims(first)) {
      if (!runs_.fusible(first, last, dim)) continue;
      spec::FusedGroup group = runs_.group(first, last, dim);
      try_group(best, group, options);
      group.ahead = runs_.ahead(first, last);
      if (group.ahead > 0) try_group(best, group, options);
    }
    return best;
  }

  // Maps the group and keeps it if it is better; the first among equals.
  void try_group(SearchResult& best, const spec::FusedGroup& group, SearchOptions options) {
    if (best.feasible) options.cutoff = options.goal().value(best.cost.cycles, best.cost.energy_pj);
    SearchResult found = map_group(w_, group, machine_, options, cache_);
    const bool none = !best.feasible && best.reason.empty();
    if (none || found.feasible) best = std::move(found);
  }

  static constexpr double kNever = std::numeric_limits<double>::infinity();

  const spec::Workload& w_;
  const std::vector<ChainNode>& chain_;
  const FusibleRuns runs_;
  const Machine& machine_;
  const SearchOptions& options_;
  SearchCache own_cache_;
  SearchCache* cache_;
};

}  // namespace

FusionResult plan_fusion(const spec::Workload& workload, const std::vector<ChainNode>& chain, const Machine& machine,
                         const SearchOptions& options, SearchCache* cache, const FusionSpace& space) {
  return Planner(workload, chain, machine, options, cache, space).run(space.max_run);
}

}  // namespace heat::offline::mapper
