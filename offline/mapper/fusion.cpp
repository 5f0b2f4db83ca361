// Dynamic programming over contiguous runs: best[j] = min over i of best[i] + cost(i..j). Costs add up for energy and
// latency; for EDP the sum is linearised around the unfused plan (energy + ratio x cycles, the ratio rounded to quarter
// octaves so that similar layers share cached searches), and the plans are compared by their true EDP in the end.
#include "offline/mapper/fusion.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace heat::offline::mapper {
namespace {

using spec::FusedGroup;
using spec::Index;
using spec::Schedule;

// The index a node binds, and its size.
struct Bound {
  Index index;
  std::int64_t extent = 1;
  friend bool operator==(const Bound&, const Bound&) = default;
};

std::vector<const spec::TensorView*> inputs_of(const spec::Node& node) {
  if (node.gemm) return {&node.gemm->weight, &node.gemm->input};
  std::vector<const spec::TensorView*> views{&node.vector->input};
  if (node.vector->residual) views.push_back(&*node.vector->residual);
  return views;
}

const spec::TensorView& output_of(const spec::Node& node) {
  return node.gemm ? node.gemm->output : node.vector->output;
}

const std::vector<Index>& indices_of(const spec::Node& node, spec::LoopDim dim) {
  if (node.vector) return node.vector->n;
  const spec::GemmIndices& i = node.gemm->indices;
  return dim == spec::LoopDim::kB ? i.b : dim == spec::LoopDim::kM ? i.m : i.n;
}

Bound bound_of(const spec::Node& node) {
  const std::vector<Index>& group = indices_of(node, node.bound);
  // A GEMM without output indices binds nothing: one value.
  if (group.empty()) return {"", 1};
  for (const auto& d : output_of(node).dims)
    if (d.index == group.front()) return {d.index, d.size};
  return {group.front(), 1};
}

// A group as it was mapped.
struct Planned {
  bool feasible = false;
  std::string reason;
  FusedGroup group;
  std::vector<spec::GemmMapping> mappings;
  spec::LoopDim bound = spec::LoopDim::kN;  // of a group of one node; more keep theirs
  std::vector<int> in_global_buffer;
  double cycles = 0, energy_pj = 0;
};

class Planner {
 public:
  Planner(Schedule& schedule, const std::vector<int>& chain, const Machine& machine, const SearchOptions& options,
          SearchCache* cache, int max_run)
      : s_(schedule), chain_(chain), machine_(machine), options_(options), cache_(cache), max_run_(max_run) {}

  FusionResult run() {
    FusionResult result;
    std::vector<Planned> unfused = singles(options_);
    for (const Planned& p : unfused)
      if (!p.feasible) {
        result.reason = p.reason;
        return result;
      }
    add_up(unfused, result.unfused_cycles, result.unfused_energy_pj);
    SearchOptions linear = options_;
    if (options_.objective == Objective::kEdp && options_.energy_weight == 0 && options_.cycle_weight == 0) {
      linear.energy_weight = 1;
      linear.cycle_weight = std::exp2(std::round(4 * std::log2(result.unfused_energy_pj / result.unfused_cycles)) / 4);
    }
    std::vector<Planned> best = unfused;
    if (chain_.size() > 1) {
      std::vector<Planned> fused = best_partition(linear);
      if (value(fused) < value(best)) best = std::move(fused);
    }
    commit(best, result);
    return result;
  }

 private:
  const spec::Node& node(std::size_t i) const { return s_.nodes[static_cast<std::size_t>(chain_[i])]; }

  std::vector<Planned> singles(const SearchOptions& options) {
    std::vector<Planned> plan;
    for (std::size_t i = 0; i < chain_.size(); ++i) plan.push_back(plan_run(i, i, options));
    return plan;
  }

  static void add_up(const std::vector<Planned>& plan, double& cycles, double& energy_pj) {
    for (const Planned& p : plan) {
      cycles += p.cycles;
      energy_pj += p.energy_pj;
    }
  }

  // The objective of a plan: linear when the caller asked for it.
  double value(const std::vector<Planned>& plan) const {
    double cycles = 0, energy = 0;
    add_up(plan, cycles, energy);
    if (options_.energy_weight > 0 || options_.cycle_weight > 0)
      return options_.energy_weight * energy + options_.cycle_weight * cycles;
    return objective_value(options_.objective, cycles, energy, machine_.arch);
  }

  double part_value(const Planned& p, const SearchOptions& o) const {
    if (o.energy_weight > 0 || o.cycle_weight > 0) return o.energy_weight * p.energy_pj + o.cycle_weight * p.cycles;
    return objective_value(o.objective, p.cycles, p.energy_pj, machine_.arch);
  }

  std::vector<Planned> best_partition(const SearchOptions& options) {
    struct State {
      double value = 0;
      std::size_t from = 0;
      Planned last;
    };
    std::vector<std::optional<State>> best(chain_.size() + 1);
    best[0] = State{};
    for (std::size_t j = 1; j <= chain_.size(); ++j)
      for (std::size_t i = j; i-- > 0 && j - i <= static_cast<std::size_t>(max_run_);) {
        if (!best[i] || (j - i > 1 && !fusible(i, j - 1))) continue;
        Planned p = plan_run(i, j - 1, options);
        if (!p.feasible) continue;
        const double v = best[i]->value + part_value(p, options);
        if (!best[j] || v < best[j]->value) best[j] = State{v, i, std::move(p)};
      }
    std::vector<Planned> plan;
    for (std::size_t j = chain_.size(); j > 0; j = best[j]->from) plan.push_back(best[j]->last);
    std::reverse(plan.begin(), plan.end());
    return plan;
  }

  // Same bound everywhere, and every node but the first reads something made within the run that can stay on chip.
  bool fusible(std::size_t first, std::size_t last) const {
    const Bound bound = bound_of(node(first));
    if (bound.index.empty()) return false;
    for (std::size_t i = first + 1; i <= last; ++i) {
      if (!(bound_of(node(i)) == bound)) return false;
      bool linked = false;
      for (const auto* view : inputs_of(node(i)))
        for (std::size_t p = first; p < i && !linked; ++p)
          linked = output_of(node(p)).tensor == view->tensor && stays(p, first, last, bound);
      if (!linked) return false;
    }
    return true;
  }

  // True when the output of chain node `p` is used inside the run only, and everybody sees the bound index outermost.
  bool stays(std::size_t p, std::size_t first, std::size_t last, const Bound& bound) const {
    const int tensor = output_of(node(p)).tensor;
    const spec::Tensor& t = s_.tensors[static_cast<std::size_t>(tensor)];
    if (t.kind != spec::TensorKind::kIntermediate) return false;
    const auto outermost = [&](const spec::TensorView& view) {
      return std::any_of(view.dims.begin(), view.dims.end(), [&](const spec::ViewDim& d) {
        return d.index == bound.index && d.size == bound.extent && d.stride * d.size == t.bytes();
      });
    };
    for (std::size_t n = 0; n < s_.nodes.size(); ++n) {
      const bool inside = std::any_of(chain_.begin() + static_cast<std::ptrdiff_t>(first),
                                      chain_.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                                      [&](int c) { return c == static_cast<int>(n); });
      std::vector<const spec::TensorView*> views = inputs_of(s_.nodes[n]);
      views.push_back(&output_of(s_.nodes[n]));
      for (const auto* view : views)
        if (view->tensor == tensor && (!inside || !outermost(*view))) return false;
    }
    return true;
  }

  // Maps chain[first..last] as one group; leaves the schedule as it was. A GEMM alone may walk over any of its
  // dimensions: tokens shared out over the chiplets make every one of them read all weights, features all inputs.
  Planned plan_run(std::size_t first, std::size_t last, const SearchOptions& options) {
    spec::Node& node = s_.nodes[static_cast<std::size_t>(chain_[first])];
    if (first != last || !node.gemm) return plan_as_bound(first, last, options);
    const spec::LoopDim given = node.bound;
    Planned best = plan_as_bound(first, last, options);
    for (spec::LoopDim other : {spec::LoopDim::kB, spec::LoopDim::kM, spec::LoopDim::kN}) {
      if (other == given || indices_of(node, other).empty()) continue;
      node.bound = other;
      Planned p = plan_as_bound(first, last, options);
      if (p.feasible && (!best.feasible || part_value(p, options) < part_value(best, options))) best = std::move(p);
    }
    node.bound = given;
    return best;
  }

  Planned plan_as_bound(std::size_t first, std::size_t last, const SearchOptions& options) {
    Planned p;
    const Bound bound = bound_of(node(first));
    p.group.index = bound.index;
    p.group.extent = p.group.step = bound.extent;
    p.bound = node(first).bound;
    p.group.name = node(first).name + (last > first ? " .. " + node(last).name : "");
    for (std::size_t i = first; i <= last; ++i) {
      p.group.nodes.push_back(chain_[i]);
      if (last > first && i < last && stays(i, first, last, bound))
        p.in_global_buffer.push_back(output_of(node(i)).tensor);
    }
    for (int t : p.in_global_buffer) s_.tensors[static_cast<std::size_t>(t)].home = spec::Home::kGlobalBuffer;
    s_.groups.push_back(p.group);
    const SearchResult found = map_group(s_, static_cast<int>(s_.groups.size()) - 1, machine_, options, cache_);
    p.feasible = found.feasible;
    p.reason = found.reason;
    p.cycles = found.cost.cycles;
    p.energy_pj = found.cost.energy_pj;
    p.group = s_.groups.back();
    s_.groups.pop_back();
    for (int n : p.group.nodes) {
      const auto& gemm = s_.nodes[static_cast<std::size_t>(n)].gemm;
      p.mappings.push_back(gemm ? gemm->mapping : spec::GemmMapping{});
    }
    for (int t : p.in_global_buffer) s_.tensors[static_cast<std::size_t>(t)].home = spec::Home::kDram;
    return p;
  }

  void commit(const std::vector<Planned>& plan, FusionResult& result) {
    result.feasible = true;
    add_up(plan, result.cycles, result.energy_pj);
    result.groups = static_cast<int>(plan.size());
    for (const Planned& p : plan) {
      for (int t : p.in_global_buffer) {
        s_.tensors[static_cast<std::size_t>(t)].home = spec::Home::kGlobalBuffer;
        s_.tensors[static_cast<std::size_t>(t)].dram_address = -1;
        result.in_global_buffer.push_back(t);
      }
      if (p.group.nodes.size() == 1) s_.nodes[static_cast<std::size_t>(p.group.nodes[0])].bound = p.bound;
      for (std::size_t i = 0; i < p.group.nodes.size(); ++i)
        if (auto& gemm = s_.nodes[static_cast<std::size_t>(p.group.nodes[i])].gemm) gemm->mapping = p.mappings[i];
      s_.groups.push_back(p.group);
      const GroupCost cost = evaluate(s_, static_cast<int>(s_.groups.size()) - 1, machine_);
      for (const NodeCost& n : cost.nodes)
        s_.nodes[static_cast<std::size_t>(n.node)].prediction = {n.cycles, n.energy_pj, n.energy_by_component_pj};
    }
  }

  Schedule& s_;
  const std::vector<int>& chain_;
  const Machine& machine_;
  const SearchOptions& options_;
  SearchCache* cache_;
  int max_run_;
};

}  // namespace

FusionResult plan_fusion(Schedule& schedule, const std::vector<int>& chain, const Machine& machine,
                         const SearchOptions& options, SearchCache* cache, int max_run) {
  return Planner(schedule, chain, machine, options, cache, max_run).run();
}

}  // namespace heat::offline::mapper
