// map_group tries configurations (step, pinned tensors), each of which fixes what is resident; for each, every GEMM of
// the group is searched by itself (node_search.h) and the group is costed in full. The cheapest configuration wins; the
// first among equals. A configuration is a value of its own: nothing that was given is changed to try it.
#include "offline/mapper/search.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>
#include <map>
#include <optional>

#include "base/checked.h"
#include "offline/mapper/best_groups.h"
#include "offline/mapper/group_key.h"
#include "offline/mapper/map_space.h"
#include "offline/mapper/node_answers.h"
#include "offline/mapper/pin_choices.h"

namespace heat::offline::mapper {

using machines::Cost;
using machines::GroupModel;
using machines::Mappings;
using machines::SlotBudget;
using spec::FusedGroup;
using spec::TensorId;

const char* const kGemmSpace =
    "all chiplets, bound n, m or (of several batches) b; nothing, weights or inputs pinned; one step; tiles that cut "
    "an extent into 1 to 8, a * 2^e or 3 * 2^e even parts, rounded up to what a PE computes in a cycle; all orders; "
    "splits of b, m and n over PEs, of k into all its tiles";

namespace {

// What a search found, as it holds for every equal group.
struct Found {
  SearchResult result;
  std::optional<std::size_t> misfit;  // the node that result.reason is about, where it is about one
};

}  // namespace

struct SearchCache::Data {
  std::map<std::vector<std::int64_t>, NodeAnswers> nodes;
  struct OfGroup {
    Found found;
    std::vector<TensorId> tensors;  // GroupKey
  };
  std::map<std::vector<std::int64_t>, OfGroup> groups;
  std::map<std::vector<std::int64_t>, double> least;  // by GroupKey, of groups of one GEMM
  std::unique_ptr<machines::CostModel> costs;         // of the machine
};
SearchCache::SearchCache() : data_(std::make_unique<Data>()) {}
SearchCache::~SearchCache() = default;

namespace {

machines::CostModel& cache_costs(SearchCache& cache, const Machine& machine) {
  std::unique_ptr<machines::CostModel>& costs = cache.data().costs;
  if (!costs) costs = machine.cost_model();
  return *costs;
}

// A GEMM of a group that is configured like this.
NodeProblem problem_of(const spec::Workload& workload, const GroupModel& model, const FusedGroup& trial,
                       std::size_t position, const machines::PeArray& pes) {
  const spec::GemmNode& gemm = *workload.nodes[trial.nodes[position].node].gemm;
  const auto streams = [&](const spec::TensorView& view) { return !trial.is_resident(view.tensor); };
  return {model, position, pes, streams(gemm.weight), streams(gemm.input), streams(gemm.output)};
}

// Steps to try, of a chiplet's share: tiles do the rest where a GEMM is alone.
std::vector<std::int64_t> step_choices(const FusedGroup& group, std::int64_t share, bool one_gemm, std::int64_t fixed) {
  if (fixed > 0) return {std::min(fixed, share)};
  if (one_gemm) return {share};
  std::vector<std::int64_t> steps = tile_sizes(share, 1);
  if (group.ahead > 0) std::erase(steps, share);  // nothing to be ahead of
  return steps;
}

// All that the answer depends on but budget and cutoff.
std::vector<std::int64_t> key_of(const NodeProblem& problem, const NodeSearchSettings& settings) {
  std::vector<std::int64_t> key = problem.model.key(problem.position, settings.alone);
  key.insert(key.end(), {settings.alone, static_cast<std::int64_t>(settings.goal.objective),
                         std::bit_cast<std::int64_t>(settings.goal.energy_weight),
                         std::bit_cast<std::int64_t>(settings.goal.cycle_weight), settings.exhaustive,
                         std::bit_cast<std::int64_t>(settings.gap)});
  return key;
}

class GroupSearch {
 public:
  GroupSearch(const spec::Workload& workload, const FusedGroup& group, const Machine& machine,
              const SearchOptions& options, SearchCache* cache)
      : w_(workload),
        g_(group),
        options_(options),
        own_costs_(cache ? nullptr : machine.cost_model()),
        costs_(cache ? cache_costs(*cache, machine) : *own_costs_),
        pes_(machine.pe_array()),
        cache_(cache),
        goal_(options.goal()),
        best_(options.keep, options.cutoff),
        share_(machine.largest_share(group.extent, group.chiplets)) {
    for (const auto& n : g_.nodes) gemms_ += w_.nodes[n.node].gemm ? 1 : 0;
    one_gemm_ = gemms_ == 1 && g_.nodes.size() == 1;
    HEAT_CHECK(options.keep == 1 || (one_gemm_ && !cache), "several mappings are kept of one GEMM, without a cache");
  }

  // Of a single GEMM: no configuration's value is below this.
  double least() const {
    HEAT_CHECK(one_gemm_, "a bound of a group that is not one GEMM");
    double least = std::numeric_limits<double>::infinity();
    for (const PinChoice& pins : pin_space())
      for (std::vector<TensorId>& pinned : pins.sets()) {
        FusedGroup trial = g_;
        trial.step = step_choices(g_, share_, true, options_.step).front();
        trial.pinned = std::move(pinned);
        const std::unique_ptr<GroupModel> model = costs_.group(w_, trial);
        std::string reason;
        const std::optional<SlotBudget> budget = model->free_slots(reason);
        if (budget)
          least = std::min(least,
                           least_value(problem_of(w_, *model, trial, 0, pes_), {*budget, goal_, true, false, 1, -1}));
      }
    return least;
  }

  Found run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<PinChoice> choices = pin_space();
    int worse = 0;
    double last = -1;
    for (std::int64_t step : step_choices(g_, share_, one_gemm_, options_.step)) {
      const double value = try_step(step, choices);
      if (value < 0) continue;
      worse = last >= 0 && value >= last ? worse + 1 : 0;
      last = last < 0 ? value : std::min(last, value);
      if (worse >= 2) break;
    }
    finish();
    result_.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return {std::move(result_), misfit_};
  }

 private:
  std::vector<PinChoice> pin_space() const { return options_.pin ? pin_choices(w_, g_) : std::vector<PinChoice>{{}}; }

  // The best value of a step; negative when nothing fits.
  double try_step(std::int64_t step, const std::vector<PinChoice>& choices) {
    double value = -1;
    for (const PinChoice& pins : choices) {
      // In a single step whole tensors are not loaded twice; in several, the largest set that fits saves most.
      if (!one_gemm_ && step == share_ && !pins.whole.empty()) continue;
      bool fits = false;
      for (std::vector<TensorId>& pinned : pins.sets()) {
        const double v = try_configuration(step, std::move(pinned));
        fits = fits || v >= 0;
        if (v >= 0 && (value < 0 || v < value)) value = v;
      }
      if (fits && !one_gemm_) break;
    }
    return value;
  }

  // Value of the goal, or a negative number when infeasible.
  double try_configuration(std::int64_t step, std::vector<TensorId> pinned) {
    FusedGroup trial = g_;
    trial.step = step;
    trial.pinned = std::move(pinned);
    const std::unique_ptr<GroupModel> model = costs_.group(w_, trial);
    std::string reason;
    const std::optional<SlotBudget> budget = model->free_slots(reason);
    if (!budget) {
      because(std::move(reason));
      return -1;
    }
    others_.clear();
    std::optional<Mappings> mappings = solve(*model, trial, *budget);
    if (!mappings) return -1;
    const double value = value_of(model->cost(*mappings));
    for (std::size_t i = 0; i < mappings->size(); ++i) trial.nodes[i].mapping = (*mappings)[i];
    best_.offer(value, trial);
    for (std::size_t i = 1; i < others_.size(); ++i) {
      trial.nodes.front().mapping = others_[i].mapping;
      best_.offer(others_[i].value, trial);
    }
    return value;
  }

  double value_of(const Cost& cost) const { return goal_.value(cost.cycles, cost.energy_pj); }

  std::optional<Mappings> solve(const GroupModel& model, const FusedGroup& trial, const SlotBudget& budget) {
    std::optional<Mappings> own = search_nodes(model, trial, budget);
    if (!own || gemms_ <= 1 || model.fits(*own)) return own;
    std::optional<Mappings> best;
    double best_value = -1;
    for (const SlotBudget& part : model.shared_slots(budget, *own)) {
      auto mappings = search_nodes(model, trial, part);
      if (!mappings || !model.fits(*mappings)) continue;
      const double value = value_of(model.cost(*mappings));
      if (best && value >= best_value) continue;
      best_value = value;
      best = std::move(mappings);
    }
    if (!best) because("the nodes' tiles do not fit the global buffer together at step " + std::to_string(trial.step));
    return best;
  }

  // A mapping for every GEMM by itself (row operations keep the default).
  std::optional<Mappings> search_nodes(const GroupModel& model, const FusedGroup& trial, const SlotBudget& budget) {
    Mappings mappings(g_.nodes.size());
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      const spec::Node& node = w_.nodes[g_.nodes[i].node];
      if (!node.gemm) continue;
      const NodeSearchSettings settings{
          budget, goal_, one_gemm_, options_.exhaustive, options_.keep, one_gemm_ ? best_.below() : -1, options_.gap};
      const NodeSearchResult found = cached_search(problem_of(w_, model, trial, i, pes_), settings);
      if (!found.feasible && settings.cutoff >= 0) {
        because("none is better than what is known");
        return std::nullopt;
      }
      if (!found.feasible) {
        because(std::to_string(2 * budget.total) + " bytes of global buffer are left for tiles at step " +
                    std::to_string(trial.step),
                i);
        return std::nullopt;
      }
      mappings[i] = found.mapping;
      if (options_.keep > 1) others_ = found.kept;
    }
    return mappings;
  }

  NodeSearchResult cached_search(const NodeProblem& problem, const NodeSearchSettings& settings) {
    NodeAnswers own;
    NodeAnswers& answers = cache_ ? cache_->data().nodes[key_of(problem, settings)] : own;
    if (const auto told = answers.told(problem, settings)) return *told;
    const NodeSearchResult found = answers.search(problem, settings);
    result_.evaluated += found.evaluated;
    result_.considered += found.considered;
    return found;
  }

  // Why the last configuration does not fit; `node`: no mapping of this one does.
  void because(std::string reason, std::optional<std::size_t> node = std::nullopt) {
    result_.reason = std::move(reason);
    misfit_ = node;
  }

  void finish() {
    std::vector<FusedGroup> best = best_.groups();
    if (best.empty()) {
      result_.group = g_;
      if (result_.reason.empty()) result_.reason = "no configuration fits";
      return;
    }
    result_.feasible = true;
    because("");
    Mappings mappings;
    for (const auto& n : best.front().nodes) mappings.push_back(n.mapping);
    result_.cost = costs_.group(w_, best.front())->full_cost(mappings);
    result_.cost.predict(best.front());
    result_.group = best.front();
    if (!cache_) result_.kept = std::move(best);
    result_.proven_optimal = one_gemm_ && options_.gap == 0;
  }

  const spec::Workload& w_;
  const FusedGroup& g_;
  const SearchOptions& options_;
  const std::unique_ptr<machines::CostModel> own_costs_;
  machines::CostModel& costs_;
  const machines::PeArray pes_;
  SearchCache* cache_;
  const Goal goal_;
  BestGroups best_;
  const std::int64_t share_;
  int gemms_ = 0;
  bool one_gemm_ = false;
  std::vector<KeptMapping> others_;  // of the present configuration, where several are of interest
  SearchResult result_;
  std::optional<std::size_t> misfit_;
};

// What was found for a group with tensors `theirs`, said of an equal one with `ours`.
SearchResult said_of(const FusedGroup& group, SearchResult found, const std::vector<TensorId>& theirs,
                     const GroupKey& ours) {
  FusedGroup g = group;
  g.step = found.group.step;
  g.prediction = found.group.prediction;
  for (TensorId t : found.group.pinned)
    g.pinned.push_back(ours.tensors[std::lower_bound(theirs.begin(), theirs.end(), t) - theirs.begin()]);
  for (std::size_t i = 0; i < g.nodes.size(); ++i) {
    g.nodes[i].mapping = found.group.nodes[i].mapping;
    g.nodes[i].prediction = found.group.nodes[i].prediction;
    if (found.feasible) found.cost.nodes[i].node = g.nodes[i].node;
  }
  found.group = std::move(g);
  found.evaluated = found.considered = 0;
  found.wall_s = 0;
  return found;
}

// With the name of the node that does not fit.
SearchResult named(Found found, const spec::Workload& workload, const FusedGroup& group) {
  if (found.misfit)
    found.result.reason = "no mapping of node '" + workload.nodes[group.nodes[*found.misfit].node].name +
                          "' fits: " + found.result.reason;
  return std::move(found.result);
}

}  // namespace

SearchResult map_group(const spec::Workload& workload, const FusedGroup& group, const Machine& machine,
                       const SearchOptions& options, SearchCache* cache) {
  const auto search = [&] { return GroupSearch(workload, group, machine, options, cache).run(); };
  if (!cache) return named(search(), workload, group);
  const GroupKey key = group_key(workload, group, options);
  if (const auto kept = cache->data().groups.find(key.numbers); kept != cache->data().groups.end()) {
    const auto& [found, tensors] = kept->second;
    return named({said_of(group, found.result, tensors, key), found.misfit}, workload, group);
  }
  Found found = search();
  cache->data().groups[key.numbers] = {found, key.tensors};
  return named(std::move(found), workload, group);
}

double least_value(const spec::Workload& workload, const FusedGroup& group, const Machine& machine,
                   const SearchOptions& options, SearchCache& cache) {
  const auto [at, is_new] = cache.data().least.try_emplace(group_key(workload, group, options).numbers, 0);
  if (is_new) at->second = GroupSearch(workload, group, machine, options, &cache).least();
  return at->second;
}

}  // namespace heat::offline::mapper
