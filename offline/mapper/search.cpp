// map_group tries configurations (step, pinned tensors), each of which fixes what is resident; for each, every GEMM of
// the group is searched by itself (node_search.h) and the group is costed in full. The cheapest configuration wins; the
// first among equals. A configuration is a value of its own: nothing that was given is changed to try it.
#include "offline/mapper/search.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <map>
#include <optional>

#include "machines/simba/gb_layout.h"
#include "machines/simba/group_model.h"
#include "offline/mapper/node_search.h"
#include "offline/mapper/pin_choices.h"

namespace heat::offline::mapper {

using machines::simba::gb_layout;
using machines::simba::GbLayout;
using machines::simba::LinkTables;
using machines::simba::Shares;
using spec::FusedGroup;
using spec::GemmMapping;
using spec::TensorId;

struct SearchCache::Data {
  std::map<std::vector<std::int64_t>, NodeSearchResult> nodes;
};
SearchCache::SearchCache() : data_(std::make_unique<Data>()) {}
SearchCache::~SearchCache() = default;

namespace {

// Ways to share the slots when the nodes' own choices (`asked`) do not fit together: in proportion to what they ask
// for, and evenly among the roles that stream.
std::vector<SlotBudget> shared_budgets(const SlotBudget& budget, const GbLayout& asked) {
  const double sum = static_cast<double>(asked.weight.bytes + asked.input.bytes + asked.output.bytes);
  const int roles = (asked.weight.bytes > 0) + (asked.input.bytes > 0) + (asked.output.bytes > 0);
  std::vector<SlotBudget> list;
  for (bool even : {false, true}) {
    const auto part = [&](std::int64_t bytes) -> std::int64_t {
      if (bytes == 0) return 0;
      const double share = even ? 1.0 / roles : static_cast<double>(bytes) / sum;
      return static_cast<std::int64_t>(share * static_cast<double>(budget.total)) / budget.word * budget.word;
    };
    SlotBudget b = budget;
    b.weight = part(asked.weight.bytes);
    b.input = std::max(part(asked.input.bytes), budget.least_input);
    b.output = std::max(part(asked.output.bytes), budget.least_output);
    list.push_back(b);
  }
  return list;
}

class GroupSearch {
 public:
  GroupSearch(const spec::Workload& workload, const FusedGroup& group, const Machine& machine,
              const SearchOptions& options, SearchCache* cache)
      : w_(workload),
        g_(group),
        options_(options),
        pricer_(machine),
        links_(machine.arch.noc),
        arch_(machine.arch),
        cache_(cache),
        goal_(options.goal()) {
    share_ = Shares(g_.extent, arch_.chiplets()).share;
    for (const auto& n : g_.nodes) gemms_ += w_.nodes[n.node].gemm ? 1 : 0;
    one_gemm_ = gemms_ == 1 && g_.nodes.size() == 1;
  }

  SearchResult run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<PinChoice> choices = options_.pin ? pin_choices(w_, g_) : std::vector<PinChoice>{{}};
    int worse = 0;
    double last = -1;
    for (std::int64_t step : step_choices()) {
      const double value = try_step(step, choices);
      if (value < 0) continue;
      worse = last >= 0 && value >= last ? worse + 1 : 0;
      last = last < 0 ? value : std::min(last, value);
      if (worse >= 2) break;
    }
    finish();
    result_.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return std::move(result_);
  }

 private:
  std::vector<std::int64_t> step_choices() const {
    if (options_.step > 0) return {std::min(options_.step, share_)};
    if (one_gemm_) return {share_};
    return tile_sizes(share_, 1);
  }

  // The best value of a step; negative when nothing fits.
  double try_step(std::int64_t step, const std::vector<PinChoice>& choices) {
    double value = -1;
    for (const PinChoice& pins : choices) {
      // In a single step whole tensors are not loaded twice; in several, the largest set that fits saves most.
      if (!one_gemm_ && step == share_ && !pins.whole.empty()) continue;
      bool fits = false;
      for (bool shares : {false, true}) {
        if (shares && pins.shares.empty()) continue;
        std::vector<TensorId> pinned = pins.whole;
        if (shares) pinned.insert(pinned.end(), pins.shares.begin(), pins.shares.end());
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
    for (auto& n : trial.nodes) n.mapping.gb_tile = {0, 0, 0, 0};
    const std::optional<SlotBudget> budget = free_slots(trial);
    if (!budget) return -1;
    const GroupModel model(w_, trial, pricer_, links_);
    const std::optional<std::vector<GemmMapping>> mappings = solve(model, trial, *budget);
    if (!mappings) return -1;
    const GroupModel::Brief cost = model.brief(*mappings, step);
    const double value = goal_.value(cost.cycles, cost.energy_pj);
    if (best_value_ < 0 || value < best_value_) {
      best_value_ = value;
      best_ = with(trial, *mappings);
    }
    return value;
  }

  static FusedGroup with(FusedGroup group, const std::vector<GemmMapping>& mappings) {
    for (std::size_t i = 0; i < mappings.size(); ++i) group.nodes[i].mapping = mappings[i];
    return group;
  }

  // What is left for streamed tiles beside residents, parameters and vector rows. `trial`: without tiles.
  std::optional<SlotBudget> free_slots(const FusedGroup& trial) {
    const GbLayout layout = gb_layout(w_, trial, arch_);
    const std::int64_t capacity = arch_.global_buffer.capacity.value();
    const std::int64_t taken = layout.total_bytes - 2 * (layout.input.bytes + layout.output.bytes);
    if (layout.total_bytes > capacity) {
      result_.reason = "resident tensors, parameters and rows take " + std::to_string(layout.total_bytes) +
                       " bytes of the global buffer's " + std::to_string(capacity) + " at step " +
                       std::to_string(trial.step);
      return std::nullopt;
    }
    SlotBudget budget;
    budget.word = arch_.global_buffer.word_bytes;
    budget.weight = budget.input = budget.output = budget.total = (capacity - taken) / 2;
    budget.least_input = layout.input.bytes;
    budget.least_output = layout.output.bytes;
    return budget;
  }

  std::optional<std::vector<GemmMapping>> solve(const GroupModel& model, const FusedGroup& trial,
                                                const SlotBudget& budget) {
    std::optional<std::vector<GemmMapping>> own = search_nodes(model, trial.step, budget);
    if (!own || gemms_ <= 1) return own;
    const GbLayout asked = gb_layout(w_, with(trial, *own), arch_);
    if (fits(asked)) return own;
    std::optional<std::vector<GemmMapping>> best;
    double best_value = -1;
    for (const SlotBudget& part : shared_budgets(budget, asked)) {
      auto mappings = search_nodes(model, trial.step, part);
      if (!mappings || !fits(gb_layout(w_, with(trial, *mappings), arch_))) continue;
      const GroupModel::Brief cost = model.brief(*mappings, trial.step);
      const double value = goal_.value(cost.cycles, cost.energy_pj);
      if (best && value >= best_value) continue;
      best_value = value;
      best = std::move(mappings);
    }
    if (!best)
      result_.reason = "the nodes' tiles do not fit the global buffer together at step " + std::to_string(trial.step);
    return best;
  }

  bool fits(const GbLayout& layout) const { return layout.total_bytes <= arch_.global_buffer.capacity.value(); }

  // A mapping for every GEMM by itself (row operations keep the default).
  std::optional<std::vector<GemmMapping>> search_nodes(const GroupModel& model, std::int64_t step,
                                                       const SlotBudget& budget) {
    std::vector<GemmMapping> mappings(g_.nodes.size());
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      const spec::Node& node = w_.nodes[g_.nodes[i].node];
      if (!node.gemm) continue;
      const NodeSearchSettings settings{
          g_.extent, step, budget, goal_, one_gemm_, options_.exhaustive, one_gemm_ ? best_value_ : -1};
      const NodeSearchResult found = cached_search(model, i, settings);
      if (!found.feasible && settings.cutoff >= 0) return std::nullopt;  // nothing better than another configuration
      if (!found.feasible) {
        result_.reason = "no mapping of node '" + node.name + "' fits: " + std::to_string(2 * budget.total) +
                         " bytes of global buffer are left for tiles at step " + std::to_string(step);
        return std::nullopt;
      }
      mappings[i] = found.mapping;
    }
    return mappings;
  }

  NodeSearchResult cached_search(const GroupModel& model, std::size_t position, const NodeSearchSettings& settings) {
    std::vector<std::int64_t> key;
    if (cache_) {
      key = model.key(position, settings.step);
      const SlotBudget& b = settings.budget;
      key.insert(key.end(), {b.weight, b.input, b.output, b.total, b.least_input, b.least_output,
                             settings.alone ? 1 : 0, static_cast<std::int64_t>(settings.goal.objective),
                             std::bit_cast<std::int64_t>(settings.goal.energy_weight),
                             std::bit_cast<std::int64_t>(settings.goal.cycle_weight), settings.exhaustive ? 1 : 0,
                             std::bit_cast<std::int64_t>(settings.cutoff)});
      if (settings.alone) model.append_group_key(position, key);
      if (const auto found = cache_->data().nodes.find(key); found != cache_->data().nodes.end()) return found->second;
    }
    const NodeSearchResult found = search_node(model, position, pricer_, settings);
    result_.evaluated += found.evaluated;
    result_.considered += found.considered;
    if (cache_) cache_->data().nodes[key] = found;
    return found;
  }

  void finish() {
    if (best_value_ < 0) {
      result_.group = g_;
      if (result_.reason.empty()) result_.reason = "no configuration fits";
      return;
    }
    result_.feasible = true;
    result_.reason.clear();
    std::vector<GemmMapping> mappings;
    for (const auto& n : best_.nodes) mappings.push_back(n.mapping);
    result_.cost = GroupModel(w_, best_, pricer_, links_).full(mappings, best_.step);
    result_.cost.predict(best_);
    result_.group = std::move(best_);
    result_.proven_optimal = one_gemm_;
  }

  const spec::Workload& w_;
  const FusedGroup& g_;
  const SearchOptions& options_;
  StepPricer pricer_;
  LinkTables links_;
  const spec::ArchSpec& arch_;
  SearchCache* cache_;
  const Goal goal_;
  std::int64_t share_ = 1;
  int gemms_ = 0;
  bool one_gemm_ = false;
  double best_value_ = -1;
  FusedGroup best_;
  SearchResult result_;
};

}  // namespace

SearchResult map_group(const spec::Workload& workload, const FusedGroup& group, const Machine& machine,
                       const SearchOptions& options, SearchCache* cache) {
  return GroupSearch(workload, group, machine, options, cache).run();
}

}  // namespace heat::offline::mapper
