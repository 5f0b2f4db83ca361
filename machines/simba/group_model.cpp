// Order of execution: pinned tensors, then every step's nodes; parameters of as many nodes as there are slots stay there.
#include "machines/simba/group_model.h"

#include <algorithm>
#include <cmath>

#include "machines/simba/node_bounds.h"
#include "machines/simba/slot_budgets.h"

namespace heat::machines::simba {
namespace {

using spec::Action;

// A node as if it asked for no tile of the global buffer.
constexpr spec::Extents kNoTile{0, 0, 0, 0};

void add_actions(std::array<double, spec::kActionCount>& to, const NodeStep& s, double times) {
  for (std::size_t a = 0; a < to.size(); ++a) to[a] += times * s.actions[a];
}

double& action(NodeStep& s, Action a) {
  return s.actions[static_cast<std::size_t>(a)];
}

}  // namespace

GroupModel::GroupModel(const spec::Workload& workload, const spec::FusedGroup& group, const StepPricer& pricer,
                       LinkTables& links)
    : w_(workload),
      g_(group),
      pricer_(pricer),
      links_(links),
      shares_(group.extent, group.chiplets_of(pricer.machine().arch.chiplets())),
      pins_(workload, group, shares_, pricer) {
  for (const spec::PlannedNode& n : group.nodes) {
    nodes_.emplace_back(workload, group, n, shares_.participants());
    parameter_nodes_ += nodes_.back().parameter_loads > 0 ? 1 : 0;
    const spec::TensorId written = workload.nodes[n.node].writes().tensor;
    signals_ =
        signals_ || (workload.tensors[written].kind == spec::TensorKind::kIntermediate && !group.is_resident(written));
  }
  counters_.resize(nodes_.size());
}

spec::Extents GroupModel::extents(std::size_t position) const {
  return extents(position, values_in_step());
}

spec::Extents GroupModel::extents(std::size_t position, std::int64_t values) const {
  return nodes_[position].extents_for(g_.extent, values);
}

// The group's layout with these mappings.
GbLayout GroupModel::layout_with(const Mappings& mappings) const {
  spec::FusedGroup group = g_;
  for (std::size_t i = 0; i < mappings.size(); ++i) group.nodes[i].mapping = mappings[i];
  return gb_layout(w_, group, pricer_.machine().arch);
}

std::optional<SlotBudget> GroupModel::free_slots(std::string& reason) const {
  spec::GemmMapping none;
  none.gb_tile = kNoTile;
  return simba::free_slots(layout_with(Mappings(nodes_.size(), none)), g_.step,
                           pricer_.machine().arch.global_buffer.word_bytes, reason);
}

bool GroupModel::fits(const Mappings& mappings) const {
  return layout_with(mappings).fits();
}

std::vector<SlotBudget> GroupModel::shared_slots(const SlotBudget& budget, const Mappings& asked) const {
  return simba::shared_slots(budget, layout_with(asked));
}

std::unique_ptr<machines::NodeBounds> GroupModel::bounds(std::size_t position, bool alone) const {
  return std::make_unique<NodeBounds>(*this, position, pricer_, links_, alone);
}

bool GroupModel::parameters_stay() const {
  return simba::parameters_stay(parameter_nodes_, pricer_.machine().arch);
}

GemmCounter& GroupModel::counter(const NodeModel& n, std::int64_t values) const {
  auto& counters = counters_[static_cast<std::size_t>(&n - nodes_.data())];
  for (auto& [size, counter] : counters)
    if (size == values) return counter;
  counters.emplace_back(values, GemmCounter(n.shape, n.extents_for(g_.extent, values), pricer_.machine().arch, links_));
  return counters.back().second;
}

StepCounts GroupModel::count(const NodeModel& n, const spec::GemmMapping& mapping, std::int64_t values) const {
  const spec::ArchSpec& arch = pricer_.machine().arch;
  if (n.spec->gemm) return counter(n, values).count(mapping);
  StepCounts c = count_vector(n.shape.input, n.residual ? &*n.residual : nullptr, n.shape.output,
                              n.row_sizes(g_.extent, values), arch);
  const WordCount mask = packed_words(arch.global_buffer, n.mask_bytes);
  c.gb_reads += static_cast<double>(mask.words);
  c.gb_read_cycles += static_cast<double>(read_cycles(arch.global_buffer, mask));
  return c;
}

NodeStep GroupModel::step(std::size_t position, const spec::GemmMapping& mapping, const StepClass& c) const {
  const NodeModel& n = nodes_[position];
  const StepCounts full = count(n, mapping, c.full);
  if (c.partial == 0) return pricer_.price(full, nullptr, n.ways(), shares_);
  const StepCounts partial = count(n, mapping, c.partial);
  return pricer_.price(full, &partial, n.ways(), shares_);
}

void GroupModel::add_parameters(NodeStep& s, const NodeModel& n) const {
  if (n.parameter_loads == 0) return;
  const int chiplets = shares_.participants();
  s.load_bytes += n.parameter_bytes;
  action(s, Action::kDramByte) += n.parameter_bytes;
  action(s, Action::kNopByteHop) += n.parameter_bytes * pricer_.tree_links(chiplets);
  action(s, Action::kGlobalBufferWrite) +=
      chiplets * std::ceil(n.parameter_bytes / pricer_.machine().arch.global_buffer.word_bytes);
  action(s, Action::kControllerCommand) += static_cast<double>(chiplets) * n.parameter_loads;
  const double cycles = pricer_.joint_load_cycles(n.parameter_bytes);
  s.memory += cycles;
  s.first_load += cycles;
  s.busy[static_cast<std::size_t>(Resource::kDram)] += cycles;
}

std::vector<std::pair<StepClass, bool>> GroupModel::classes() const {
  std::vector<std::pair<StepClass, bool>> list;
  for (const StepClass& c : step_classes(shares_, g_.step)) list.push_back({c, !parameters_stay()});
  if (parameter_nodes_ == 0 || !parameters_stay()) return list;
  StepClass first = list.front().first;
  first.count = 1;
  if (--list.front().first.count == 0) list.erase(list.begin());
  list.insert(list.begin(), {first, true});
  return list;
}

template <class Visit>
double GroupModel::run(const Mappings& mappings, std::array<double, spec::kActionCount>& actions, Visit visit) const {
  Pipeline pipeline(pricer_.machine().calibration.overlap, max_slots(pricer_.machine().arch));
  if (pins_.before_steps()) {
    const NodeStep s = pins_.whole();
    add_actions(actions, s, 1);
    pipeline.add_exposed(s.memory + s.latency);
  }
  const auto list = classes();
  for (std::size_t at = 0; at < list.size(); ++at) {
    const auto& [c, parameters] = list[at];
    const auto times = static_cast<double>(c.count);
    std::vector<NodeStep> steps;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      steps.push_back(step(i, mappings[i], c));
      if (parameters) add_parameters(steps.back(), nodes_[i]);
      add_actions(actions, steps.back(), times);
      visit(i, c, steps.back(), times);
    }
    NodeStep pins;
    if (pins_.in_steps()) {
      pins = pins_.step(static_cast<double>(c.full), static_cast<double>(c.partial));
      add_actions(actions, pins, times);
    }
    if (g_.ahead > 0) {
      if (pins_.in_steps()) pipeline.add_exposed(times * (pins.memory + pins.latency));
      walk(pipeline, steps, times, at == 0, at + 1 == list.size());
      continue;
    }
    pipeline.repeat(times, [&] {
      if (pins_.in_steps()) pipeline.add_exposed(pins.memory + pins.latency);
      for (const NodeStep& s : steps) pipeline.add(s);
    });
  }
  add_signals(actions);
  return pipeline.total() + handover_cycles();
}

// The first nodes of the next step stand before the others of the present one, whose leading row operations run beside
// them: only what these take longer counts.
void GroupModel::walk(Pipeline& pipeline, const std::vector<NodeStep>& steps, double times, bool first,
                      bool last) const {
  const auto ahead = static_cast<std::size_t>(g_.ahead);
  double beside = 0;
  for (std::size_t i = 0; i < ahead; ++i) beside += steps[i].execution;
  const auto lead = [&] {
    for (std::size_t i = 0; i < ahead; ++i) pipeline.add(steps[i]);
  };
  const auto others = [&](double hidden) {
    bool rows = true;
    for (std::size_t i = ahead; i < steps.size(); ++i) {
      NodeStep s = steps[i];
      rows = rows && !nodes_[i].spec->gemm;
      if (rows) {
        const double least = std::min(s.execution, hidden);
        s.execution -= least;
        s.fill = std::max(0.0, s.fill - least);
        hidden -= least;
      }
      pipeline.add(s);
    }
  };
  if (first) lead();
  pipeline.repeat(last ? times - 1 : times, [&] {
    lead();
    others(beside);
  });
  if (last) others(0);
}

void GroupModel::add_signals(std::array<double, spec::kActionCount>& actions) const {
  if (!signals_) return;
  actions[static_cast<std::size_t>(Action::kControllerCommand)] += chiplets();
  actions[static_cast<std::size_t>(Action::kNopByteHop)] += pricer_.signal_byte_hops(chiplets());
}

double GroupModel::handover_cycles() const {
  return signals_ ? pricer_.handover_cycles(chiplets()) : 0;
}

Cost GroupModel::fixed() const {
  const NodeStep whole = pins_.whole();
  std::array<double, spec::kActionCount> actions = whole.actions;
  double cycles = handover_cycles() + whole.first_load + whole.latency;
  const auto list = classes();
  for (std::size_t at = 0; at < list.size(); ++at) {
    const auto& [c, parameters] = list[at];
    const auto times = static_cast<double>(c.count);
    if (pins_.in_steps()) {
      const NodeStep s = pins_.step(static_cast<double>(c.full), static_cast<double>(c.partial));
      add_actions(actions, s, times);
      cycles += times * (s.memory + s.latency);
    }
    for (std::size_t i = 0; parameters && i < nodes_.size(); ++i) {
      NodeStep s;
      add_parameters(s, nodes_[i]);
      add_actions(actions, s, times);
      if (at == 0) cycles += s.first_load;  // those of other steps may be hidden
    }
  }
  add_signals(actions);
  return {cycles, pricer_.dynamic_pj(actions)};
}

Cost GroupModel::with_power(double cycles, double dynamic_pj) const {
  return {cycles, dynamic_pj + cycles * (pricer_.static_pj_per_cycle() + pricer_.background_pj_per_cycle())};
}

Cost GroupModel::cost(const Mappings& mappings) const {
  std::array<double, spec::kActionCount> actions{};
  const double cycles = run(mappings, actions, [](std::size_t, const StepClass&, const NodeStep&, double) {});
  return with_power(cycles, pricer_.dynamic_pj(actions));
}

Cost GroupModel::node_cost(std::size_t position, const spec::GemmMapping& mapping) const {
  std::array<double, spec::kActionCount> actions{};
  Pipeline pipeline(pricer_.machine().calibration.overlap, max_slots(pricer_.machine().arch));
  for (const StepClass& c : step_classes(shares_, g_.step)) {
    const NodeStep s = step(position, mapping, c);
    const auto times = static_cast<double>(c.count);
    add_actions(actions, s, times);
    pipeline.repeat(times, [&] { pipeline.add(s); });
  }
  return with_power(pipeline.total(), pricer_.dynamic_pj(actions));
}

std::vector<std::int64_t> GroupModel::key(std::size_t position, bool alone) const {
  const NodeModel& n = nodes_[position];
  std::vector<std::int64_t> key{g_.extent, g_.step, g_.chiplets, n.spec->gemm ? 0 : 1,
                                static_cast<std::int64_t>(n.bound)};
  const spec::Extents e = n.extents_for(g_.extent, g_.extent);
  key.insert(key.end(), {e.b, e.m, e.n, e.k});
  for (const OperandShape* o : {&n.shape.weight, &n.shape.input, &n.shape.output}) {
    key.push_back((o->resident ? 1 : 0) + (o->holds_bound ? 2 : 0) + (o->travels ? 4 : 0));
    o->runs.append_key(key);
  }
  const EpilogueShape& p = n.shape.epilogue;
  key.insert(key.end(), {p.record_bytes, p.channels_include_batch ? 1 : 0, p.n_channels, p.table_bytes, n.mask_bytes,
                         n.shape.output_bytes});
  if (n.spec->vector)
    key.insert(key.end(), {static_cast<std::int64_t>(n.spec->vector->op), n.spec->vector->part_count()});
  if (!alone) return key;
  pins_.append_key(key);
  key.insert(key.end(), {static_cast<std::int64_t>(n.parameter_bytes), n.parameter_loads, signals_});  // whole blocks
  return key;
}

std::map<std::string, double> GroupModel::by_component(const std::array<double, spec::kActionCount>& actions,
                                                       double cycles) const {
  std::map<std::string, double> energy = dynamic_by_component(actions, cycles);
  for (const spec::StaticPartInfo& p : spec::kStaticParts)
    energy[spec::component_name(p.component)] += cycles * pricer_.static_pj_per_cycle(p.value);
  return energy;
}

std::map<std::string, double> GroupModel::dynamic_by_component(const std::array<double, spec::kActionCount>& actions,
                                                               double cycles) const {
  const machines::Machine& m = pricer_.machine();
  const double dram_pj = m.calibration.dram_pj_per_byte_with(m.energy);
  std::map<std::string, double> energy;
  for (const spec::ActionInfo& a : spec::kActions) {
    const double pj =
        a.value == Action::kDramByte ? dram_pj : m.energy.pj(a.value) * m.calibration.dynamic_energy_factor;
    energy[spec::component_name(a.component)] += actions[static_cast<std::size_t>(a.value)] * pj;
  }
  energy[spec::component_name(spec::Component::kDram)] += cycles * pricer_.background_pj_per_cycle();
  return energy;
}

void GroupModel::add_accesses(NodeCost& cost, std::size_t position, const spec::GemmMapping& mapping,
                              const StepClass& c, double times) const {
  const NodeModel& n = nodes_[position];
  const auto add = [&](const StepCounts& s, double chiplets, bool busiest) {
    const double x = times * chiplets;
    auto& dram = cost.accesses["dram"];
    // A joint load is read once for all chiplets.
    const auto reads = [&](const OperandShape& o, const OperandCounts& of) {
      return o.travels ? 0.0 : (o.holds_bound ? x : busiest ? times : 0.0) * of.load_bytes;
    };
    dram["weight"].reads += reads(n.shape.weight, s.weight);
    dram["input"].reads += reads(n.shape.input, s.input) + (n.residual ? reads(*n.residual, s.residual) : 0);
    dram["output"].updates += n.shape.output.travels ? 0 : x * s.store_bytes;
    auto& gb = cost.accesses["global_buffer"];
    gb["weight"].fills += x * s.weight.fill_bytes;
    gb["weight"].reads += x * s.weight.send_bytes;
    gb["input"].fills += x * (s.input.fill_bytes + s.residual.fill_bytes);
    gb["input"].reads += x * s.input.send_bytes;
    gb["output"].updates += x * s.drain_bytes;
    gb["output"].reads += x * s.store_out_bytes;
    auto& pe = cost.accesses["pe"];
    pe["weight"].fills += x * s.weight.buffer_writes;
    pe["weight"].reads += x * s.weight.buffer_reads;
    pe["input"].fills += x * s.input.buffer_writes;
    pe["input"].reads += x * s.input.buffer_reads;
    pe["output"].updates += x * s.accumulator_writes;
    pe["output"].reads += x * s.accumulator_reads;
    if (!busiest) return;
    cost.commands += times * s.commands();
    cost.loads += times * (s.loads() + s.stores);
    cost.waves += times * s.waves;
  };
  add(count(n, mapping, c.full), shares_.full, true);
  if (c.partial > 0) add(count(n, mapping, c.partial), 1, false);
}

GroupCost GroupModel::full_cost(const Mappings& mappings) const {
  GroupCost cost;
  const machines::Machine& m = pricer_.machine();
  cost.nodes.resize(nodes_.size());
  for (const ResourceInfo& r : kResources) cost.resource_cycles.push_back({r.name, 0});
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    cost.nodes[i].node = nodes_[i].node;
    cost.nodes[i].resource_cycles = cost.resource_cycles;
  }
  std::vector<double> weight(nodes_.size(), 0);
  cost.cycles = run(mappings, cost.actions, [&](std::size_t i, const StepClass& c, const NodeStep& s, double times) {
    NodeCost& n = cost.nodes[i];
    add_accesses(n, i, mappings[i], c, times);
    add_actions(n.actions, s, times);
    for (std::size_t r = 0; r < s.busy.size(); ++r) n.resource_cycles[r].cycles += times * s.busy[r];
    n.load_bytes += times * s.load_bytes;
    n.store_bytes += times * s.store_bytes;
    n.executions += times;
    weight[i] += times * std::max(s.memory, s.execution);
  });
  double total = 0;
  for (double w : weight) total += w;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    NodeCost& n = cost.nodes[i];
    n.cycles = total > 0 ? cost.cycles * weight[i] / total : 0;
    n.macs = n.actions[static_cast<std::size_t>(Action::kMac)];
    n.energy_pj = with_power(n.cycles, pricer_.dynamic_pj(n.actions)).energy_pj;
    n.energy_by_component_pj = by_component(n.actions, n.cycles);
    for (std::size_t r = 0; r < n.resource_cycles.size(); ++r)
      cost.resource_cycles[r].cycles += n.resource_cycles[r].cycles;
    cost.fixed_cycles = cost.cycles - total;
  }
  cost.energy_by_component_pj = by_component(cost.actions, cost.cycles);
  std::map<std::string, double> terms = dynamic_by_component(cost.actions, cost.cycles);
  terms["static"] = cost.cycles * pricer_.static_pj_per_cycle();  // one term of the sum, whatever it is shown under
  for (const auto& [name, pj] : terms) cost.energy_pj += pj;
  cost.macs = cost.actions[static_cast<std::size_t>(Action::kMac)];
  cost.utilization = cost.macs / (cost.cycles * static_cast<double>(m.arch.macs_per_cycle()));
  cost.dram_bytes = cost.actions[static_cast<std::size_t>(Action::kDramByte)];
  return cost;
}

}  // namespace heat::machines::simba
