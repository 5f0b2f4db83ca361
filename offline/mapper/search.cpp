// map_group tries configurations (step, pinned tensors), each of which fixes what is resident; for each, every GEMM of
// the group is searched by itself (node_search.h) and the group is costed in full. The cheapest configuration wins; the
// first among equals.
#include "offline/mapper/search.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <map>
#include <set>

#include "machines/simba/gb_layout.h"
#include "machines/simba/group_model.h"
#include "offline/mapper/node_search.h"

namespace heat::offline::mapper {

using machines::simba::LinkTables;
using machines::simba::Shares;
using spec::FusedGroup;
using spec::GemmMapping;
using spec::Schedule;

std::optional<Objective> parse_objective(const std::string& word) {
  for (Objective o : {Objective::kEdp, Objective::kEnergy, Objective::kLatency})
    if (word == objective_name(o)) return o;
  return std::nullopt;
}

const char* objective_name(Objective objective) {
  switch (objective) {
    case Objective::kEdp:
      return "edp";
    case Objective::kEnergy:
      return "energy";
    case Objective::kLatency:
      return "latency";
  }
  throw std::logic_error("unknown objective");
}

double objective_value(Objective objective, double cycles, double energy_pj, const spec::ArchSpec& arch) {
  if (objective == Objective::kEnergy) return energy_pj;
  if (objective == Objective::kLatency) return cycles;
  return spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(cycles / arch.clock_ghz));
}

struct SearchCache::Data {
  std::map<std::vector<std::int64_t>, NodeSearchResult> nodes;
};
SearchCache::SearchCache() : data_(std::make_unique<Data>()) {}
SearchCache::~SearchCache() = default;

namespace {

const spec::TensorView* stationary_views(const spec::GemmNode& g, int i) {
  return i == 0 ? &g.weight : &g.input;
}

class GroupSearch {
 public:
  GroupSearch(Schedule& schedule, int group, const Machine& machine, const SearchOptions& options, SearchCache* cache)
      : s_(schedule),
        g_(schedule.groups.at(static_cast<std::size_t>(group))),
        original_(g_),
        options_(options),
        pricer_(machine),
        links_(machine.arch.noc),
        arch_(machine.arch),
        cache_(cache) {
    goal_ = {options.objective, options.energy_weight, options.cycle_weight};
    share_ = Shares(g_.extent, arch_.chiplets()).share;
    for (int n : g_.nodes) {
      auto& gemm = s_.nodes[static_cast<std::size_t>(n)].gemm;
      gemms_ += gemm ? 1 : 0;
      saved_.push_back(gemm ? gemm->mapping : GemmMapping{});
    }
    one_gemm_ = gemms_ == 1 && g_.nodes.size() == 1;
  }

  SearchResult run() {
    const auto start = std::chrono::steady_clock::now();
    const std::vector<PinChoice> choices = pin_choices();
    int worse = 0;
    double last = -1;
    for (std::int64_t step : step_choices()) {
      double value = -1;
      for (const PinChoice& pins : choices) {
        // In a single step whole tensors are not loaded twice; in several, the largest set that fits saves most.
        if (!one_gemm_ && step == share_ && !pins.whole.empty()) continue;
        bool fits = false;
        for (bool shares : {false, true}) {
          if (shares && pins.shares.empty()) continue;
          std::vector<int> pinned = pins.whole;
          if (shares) pinned.insert(pinned.end(), pins.shares.begin(), pins.shares.end());
          const double v = try_configuration(step, pinned);
          fits = fits || v >= 0;
          if (v >= 0 && (value < 0 || v < value)) value = v;
        }
        if (fits && !one_gemm_) break;
      }
      if (value < 0) continue;
      worse = last >= 0 && value >= last ? worse + 1 : 0;
      last = last < 0 ? value : std::min(last, value);
      if (worse >= 2) break;
    }
    finish();
    result_.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result_;
  }

 private:
  std::vector<std::int64_t> step_choices() const {
    if (options_.step > 0) return {std::min(options_.step, share_)};
    if (one_gemm_) return {share_};
    return tile_sizes(share_, 1);
  }

  // Pinned whole, and shares that are pinned or not beside them.
  struct PinChoice {
    std::vector<int> whole, shares;
  };

  // Operands of GEMMs that stream from DRAM, the smallest first: those that all chiplets read whole, or those of which
  // each has a share that can lie in the global buffer.
  std::vector<int> streamed_operands(bool whole) const {
    std::set<int> produced, found;
    for (int n : g_.nodes) {
      const auto& node = s_.nodes[static_cast<std::size_t>(n)];
      produced.insert(node.gemm ? node.gemm->output.tensor : node.vector->output.tensor);
    }
    for (int n : g_.nodes) {
      const auto& gemm = s_.nodes[static_cast<std::size_t>(n)].gemm;
      for (int i = 0; gemm && i < 2; ++i) {
        const spec::TensorView& view = *stationary_views(*gemm, i);
        const auto& tensor = s_.tensors[static_cast<std::size_t>(view.tensor)];
        if (tensor.home != spec::Home::kDram || produced.count(view.tensor)) continue;
        if (whole ? !spec::holds_index(view, g_.index) : share_is_a_block(view.tensor)) found.insert(view.tensor);
      }
    }
    std::vector<int> list(found.begin(), found.end());
    std::stable_sort(list.begin(), list.end(), [&](int x, int y) { return bytes(x) < bytes(y); });
    return list;
  }

  // Every node of the group that reads the tensor sees the group's index as its outermost axis.
  bool share_is_a_block(int tensor) const {
    const auto outermost = [&](const spec::TensorView& view) {
      return view.tensor != tensor || std::any_of(view.dims.begin(), view.dims.end(), [&](const spec::ViewDim& d) {
               return d.index == g_.index && d.size == g_.extent && d.stride * d.size == bytes(tensor);
             });
    };
    return std::all_of(g_.nodes.begin(), g_.nodes.end(), [&](int n) {
      const auto& node = s_.nodes[static_cast<std::size_t>(n)];
      if (node.gemm) return outermost(node.gemm->weight) && outermost(node.gemm->input);
      return outermost(node.vector->input) && (!node.vector->residual || outermost(*node.vector->residual));
    });
  }

  std::int64_t bytes(int tensor) const { return s_.tensors[static_cast<std::size_t>(tensor)].bytes(); }

  std::vector<PinChoice> pin_choices() const {
    std::vector<PinChoice> choices{{}};
    if (!options_.pin || gemms_ == 0) return choices;
    const std::vector<int> all = streamed_operands(true), shares = streamed_operands(false);
    if (one_gemm_) {
      for (int t : all) choices.push_back({{t}, {}});
      for (int t : shares) choices.push_back({{t}, {}});
      return choices;
    }
    if (all.size() > 1) choices.insert(choices.begin(), {{all.begin(), all.end() - 1}, {}});
    if (!all.empty()) choices.insert(choices.begin(), {all, {}});
    for (PinChoice& c : choices) c.shares = shares;
    return choices;
  }

  // Value of the goal, or a negative number when infeasible.
  double try_configuration(std::int64_t step, const std::vector<int>& pinned) {
    g_.step = step;
    g_.pinned = pinned;
    std::optional<SlotBudget> budget = free_slots();
    if (!budget) return -1;
    const GroupModel model(s_, g_, pricer_, links_);
    std::vector<GemmMapping> mappings;
    if (!solve(model, step, *budget, mappings)) return -1;
    const GroupModel::Brief cost = model.brief(mappings, step);
    const double value = goal_.value(cost.cycles, cost.energy_pj);
    if (best_value_ < 0 || value < best_value_) {
      best_value_ = value;
      best_ = {step, pinned, mappings};
    }
    return value;
  }

  // What is left for streamed tiles beside residents, parameters and vector rows.
  std::optional<SlotBudget> free_slots() {
    for (int n : g_.nodes)
      if (auto& gemm = s_.nodes[static_cast<std::size_t>(n)].gemm) gemm->mapping.gb_tile = {0, 0, 0, 0};
    const machines::simba::GbLayout layout = machines::simba::gb_layout(s_, g_, arch_);
    const std::int64_t capacity = arch_.global_buffer.capacity.value();
    const std::int64_t taken = layout.total_bytes - 2 * (layout.input.bytes + layout.output.bytes);
    if (layout.total_bytes > capacity) {
      result_.reason = "resident tensors, parameters and rows take " + std::to_string(layout.total_bytes) +
                       " bytes of the global buffer's " + std::to_string(capacity) + " at step " +
                       std::to_string(g_.step);
      return std::nullopt;
    }
    SlotBudget budget;
    budget.word = arch_.global_buffer.word_bytes;
    budget.weight = budget.input = budget.output = budget.total = (capacity - taken) / 2;
    budget.least_input = layout.input.bytes;
    budget.least_output = layout.output.bytes;
    return budget;
  }

  bool solve(const GroupModel& model, std::int64_t step, const SlotBudget& budget, std::vector<GemmMapping>& mappings) {
    if (!search_nodes(model, step, budget, mappings)) return false;
    if (gemms_ <= 1 || together_fit(mappings)) return true;
    double best = -1;
    std::vector<GemmMapping> best_mappings;
    for (const SlotBudget& part : shared_budgets(budget)) {
      if (!search_nodes(model, step, part, mappings) || !together_fit(mappings)) continue;
      const GroupModel::Brief cost = model.brief(mappings, step);
      const double value = goal_.value(cost.cycles, cost.energy_pj);
      if (best < 0 || value < best) {
        best = value;
        best_mappings = mappings;
      }
    }
    mappings = best_mappings;
    if (best < 0)
      result_.reason = "the nodes' tiles do not fit the global buffer together at step " + std::to_string(step);
    return best >= 0;
  }

  // Ways to share the slots when the nodes' own choices (just applied) do not fit together: in proportion to what they
  // ask for, and evenly among the roles that stream.
  std::vector<SlotBudget> shared_budgets(const SlotBudget& budget) {
    const machines::simba::GbLayout asked = machines::simba::gb_layout(s_, g_, arch_);
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

  bool together_fit(const std::vector<GemmMapping>& mappings) {
    apply(mappings);
    return machines::simba::gb_layout(s_, g_, arch_).total_bytes <= arch_.global_buffer.capacity.value();
  }

  bool search_nodes(const GroupModel& model, std::int64_t step, const SlotBudget& budget,
                    std::vector<GemmMapping>& mappings) {
    mappings.assign(g_.nodes.size(), GemmMapping{});
    for (std::size_t i = 0; i < g_.nodes.size(); ++i) {
      const auto& node = s_.nodes[static_cast<std::size_t>(g_.nodes[i])];
      if (!node.gemm) continue;
      const NodeSearchSettings settings{
          g_.extent, step, budget, goal_, one_gemm_, options_.exhaustive, one_gemm_ ? best_value_ : -1};
      const NodeSearchResult found = cached_search(model, i, settings);
      if (!found.feasible && settings.cutoff >= 0) return false;  // nothing better than another configuration
      if (!found.feasible) {
        result_.reason = "no mapping of node '" + node.name + "' fits: " + std::to_string(2 * budget.total) +
                         " bytes of global buffer are left for tiles at step " + std::to_string(step);
        return false;
      }
      mappings[i] = found.mapping;
    }
    return true;
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

  void apply(const std::vector<GemmMapping>& mappings) {
    for (std::size_t i = 0; i < g_.nodes.size(); ++i)
      if (auto& gemm = s_.nodes[static_cast<std::size_t>(g_.nodes[i])].gemm) gemm->mapping = mappings[i];
  }

  void finish() {
    if (best_value_ < 0) {
      g_ = original_;
      apply(saved_);
      if (result_.reason.empty()) result_.reason = "no configuration fits";
      return;
    }
    g_.step = best_.step;
    g_.pinned = best_.pinned;
    apply(best_.mappings);
    const GroupModel model(s_, g_, pricer_, links_);
    result_.feasible = true;
    result_.reason.clear();
    result_.cost = model.full(best_.mappings, best_.step);
    result_.proven_optimal = one_gemm_;
    g_.prediction = result_.cost.prediction();
    for (const NodeCost& n : result_.cost.nodes)
      s_.nodes[static_cast<std::size_t>(n.node)].prediction = {n.cycles, n.energy_pj, n.energy_by_component_pj};
  }

  struct Best {
    std::int64_t step = 1;
    std::vector<int> pinned;
    std::vector<GemmMapping> mappings;
  };

  Schedule& s_;
  FusedGroup& g_;
  const FusedGroup original_;
  std::vector<GemmMapping> saved_;
  const SearchOptions& options_;
  StepPricer pricer_;
  LinkTables links_;
  const spec::ArchSpec& arch_;
  SearchCache* cache_;
  Goal goal_;
  std::int64_t share_ = 1;
  int gemms_ = 0;
  bool one_gemm_ = false;
  double best_value_ = -1;
  Best best_;
  SearchResult result_;
};

}  // namespace

SearchResult map_group(Schedule& schedule, int group, const Machine& machine, const SearchOptions& options,
                       SearchCache* cache) {
  return GroupSearch(schedule, group, machine, options, cache).run();
}

}  // namespace heat::offline::mapper
