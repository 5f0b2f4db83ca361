// Order of execution: pinned tensors, then every step's nodes; parameters of at most two nodes stay in their two slots.
#include "machines/simba/group_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checked.h"
#include "spec/arithmetic.h"

namespace heat::machines::simba {
namespace {

using spec::Action;

constexpr double kBlock = spec::kDmaBlockBytes;

double whole_blocks(double bytes) {
  return kBlock * std::ceil(bytes / kBlock);
}

std::int64_t bits(double value) {
  std::int64_t pattern = 0;
  std::memcpy(&pattern, &value, sizeof pattern);
  return pattern;
}

double& action(NodeStep& s, Action a) {
  return s.actions[static_cast<std::size_t>(a)];
}

}  // namespace

spec::Extents NodeModel::extents_for(std::int64_t extent, std::int64_t values) const {
  if (spec->gemm) return spec::step_extents(*spec->gemm, bound, extent, values);
  return {1, 1, spec->vector->rows / extent * values, spec->vector->columns};
}

GroupModel::GroupModel(const spec::Workload& workload, const spec::FusedGroup& group, const StepPricer& pricer,
                       LinkTables& links)
    : w_(workload), g_(group), pricer_(pricer), links_(links), shares_(group.extent, pricer.machine().arch.chiplets()) {
  for (const spec::PlannedNode& n : group.nodes) read_node(n);
  read_pins();
}

void GroupModel::read_node(const spec::PlannedNode& planned) {
  const spec::Node& node = w_.nodes[planned.node];
  NodeModel n;
  n.node = planned.node;
  n.bound = planned.bound;
  n.spec = &node;
  const auto operand = [&](const spec::TensorView& view, const ViewRuns::Sizes& sizes) {
    return OperandShape{ViewRuns(view, sizes), g_.is_resident(view.tensor), spec::holds_index(view, g_.index)};
  };
  for (spec::TensorId t : node.parameters()) {
    if (g_.is_resident(t)) continue;
    n.parameter_bytes += whole_blocks(static_cast<double>(w_.tensors[t].bytes()));
    ++n.parameter_loads;
  }
  if (node.gemm) {
    const spec::Extents& e = node.gemm->extents;
    n.shape = {operand(node.gemm->weight, {e.b, e.m, e.k}),
               operand(node.gemm->input, {e.b, e.n, e.k}),
               operand(node.gemm->output, {e.b, e.m, e.n}),
               {}};
    const spec::Epilogue& epilogue = node.gemm->epilogue;
    n.shape.epilogue = {epilogue.requant ? static_cast<std::int64_t>(sizeof(spec::RequantRecord)) : 0,
                        epilogue.channels_include_batch, epilogue.n_channels,
                        epilogue.activation_table ? std::int64_t{spec::kActivationTableBytes} : 0};
  } else {
    const spec::VectorNode& v = *node.vector;
    const ViewRuns::Sizes sizes{1, v.rows, v.columns};
    n.shape = {operand(v.input, sizes), operand(v.input, sizes), operand(v.output, sizes), {}};
    if (v.residual) n.residual = operand(*v.residual, sizes);
  }
  parameter_nodes_ += n.parameter_loads > 0 ? 1 : 0;
  nodes_.push_back(std::move(n));
}

void GroupModel::read_pins() {
  for (spec::TensorId t : g_.pinned) {
    const std::int64_t bytes = w_.tensors[t].bytes();
    const bool shared = !g_.shares_out(w_, t);
    if (shared) {
      pins_.whole_bytes += whole_blocks(static_cast<double>(bytes));
      pins_.whole_gb_writes +=
          static_cast<double>(packed_accesses(bytes, pricer_.machine().arch.global_buffer.word_bytes));
      ++pins_.whole_loads;
    } else {
      pins_.per_value_bytes += static_cast<double>(bytes) / static_cast<double>(g_.extent);
      ++pins_.step_loads;
    }
  }
}

bool GroupModel::parameters_stay() const {
  return parameter_nodes_ <= 2;
}

NodeStep GroupModel::pinned_whole() const {
  NodeStep s;
  const int n = shares_.participants();
  s.load_bytes = pins_.whole_bytes;
  action(s, Action::kDramByte) = pins_.whole_bytes;
  action(s, Action::kNopByteHop) = pins_.whole_bytes * pricer_.tree_links(n);
  action(s, Action::kGlobalBufferWrite) = n * pins_.whole_gb_writes;
  action(s, Action::kControllerCommand) = static_cast<double>(n) * pins_.whole_loads;
  s.memory = s.first_load = pricer_.port_cycles(pins_.whole_bytes);
  s.latency = pins_.whole_loads ? pricer_.load_latency() : 0;
  return s;
}

NodeStep GroupModel::pinned_step(double full, double partial) const {
  NodeStep s;
  const auto bytes = [&](double values) { return values > 0 ? whole_blocks(values * pins_.per_value_bytes) : 0.0; };
  const double word = pricer_.machine().arch.global_buffer.word_bytes;
  s.load_bytes = shares_.full * bytes(full) + bytes(partial);
  action(s, Action::kDramByte) = s.load_bytes;
  action(s, Action::kNopByteHop) =
      bytes(full) * pricer_.unicast_hops(shares_.full) +
      (partial > 0 ? bytes(partial) * (pricer_.unicast_hops(shares_.full + 1) - pricer_.unicast_hops(shares_.full))
                   : 0);
  action(s, Action::kGlobalBufferWrite) =
      shares_.full * std::ceil(full * pins_.per_value_bytes / word) + std::ceil(partial * pins_.per_value_bytes / word);
  action(s, Action::kControllerCommand) =
      static_cast<double>(pins_.step_loads) * (shares_.full + (partial > 0 ? 1 : 0));
  s.memory = s.first_load = pricer_.port_cycles(s.load_bytes);
  s.latency = pricer_.load_latency();
  return s;
}

StepCounts GroupModel::count(const NodeModel& n, const spec::GemmMapping& mapping, std::int64_t values) const {
  const spec::Extents e = n.extents_for(g_.extent, values);
  const spec::ArchSpec& arch = pricer_.machine().arch;
  if (n.spec->gemm) return count_gemm(n.shape, e, mapping, arch, links_);
  return count_vector(n.shape.input, n.residual ? &*n.residual : nullptr, n.shape.output, e.n, e.k, arch);
}

NodeStep GroupModel::step(std::size_t position, const spec::GemmMapping& mapping, const StepClass& c) const {
  const NodeModel& n = nodes_[position];
  const StepCounts full = count(n, mapping, c.full);
  if (c.partial == 0)
    return pricer_.price(full, nullptr, !n.shape.weight.holds_bound, !n.shape.input.holds_bound, shares_);
  const StepCounts partial = count(n, mapping, c.partial);
  return pricer_.price(full, &partial, !n.shape.weight.holds_bound, !n.shape.input.holds_bound, shares_);
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
  const double cycles = pricer_.port_cycles(n.parameter_bytes);
  s.memory += cycles;
  s.first_load += cycles;
  s.busy[static_cast<std::size_t>(Resource::kDram)] += cycles;
}

std::vector<std::pair<StepClass, bool>> GroupModel::classes(std::int64_t step) const {
  std::vector<std::pair<StepClass, bool>> list;
  for (const StepClass& c : step_classes(shares_, step)) list.push_back({c, !parameters_stay()});
  if (parameter_nodes_ == 0 || !parameters_stay()) return list;
  StepClass first = list.front().first;
  first.count = 1;
  if (--list.front().first.count == 0) list.erase(list.begin());
  list.insert(list.begin(), {first, true});
  return list;
}

template <class Visit>
double GroupModel::run(const std::vector<spec::GemmMapping>& mappings, std::int64_t step,
                       std::array<double, spec::kActionCount>& actions, Visit visit) const {
  Pipeline pipeline(pricer_.machine().calibration.overlap);
  const auto account = [&](const NodeStep& s, double times) {
    for (std::size_t a = 0; a < actions.size(); ++a) actions[a] += times * s.actions[a];
  };
  if (pins_.whole_loads > 0) {
    const NodeStep s = pinned_whole();
    account(s, 1);
    pipeline.add(s);
  }
  for (const auto& [c, parameters] : classes(step)) {
    const auto times = static_cast<double>(c.count);
    std::vector<NodeStep> steps;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      steps.push_back(this->step(i, mappings[i], c));
      if (parameters) add_parameters(steps.back(), nodes_[i]);
      account(steps.back(), times);
      visit(i, c, steps.back(), times);
    }
    NodeStep pins;
    if (pins_.step_loads > 0) {
      pins = pinned_step(static_cast<double>(c.full), static_cast<double>(c.partial));
      account(pins, times);
    }
    pipeline.repeat(times, [&] {
      if (pins_.step_loads > 0) pipeline.add_exposed(pins.memory + pins.latency);
      for (const NodeStep& s : steps) pipeline.add(s);
    });
  }
  actions[static_cast<std::size_t>(Action::kControllerCommand)] += pricer_.machine().arch.chiplets();  // the barrier
  return pipeline.total() + pricer_.barrier_cycles();
}

GroupModel::Brief GroupModel::fixed() const {
  NodeStep pins = pinned_whole();
  action(pins, Action::kControllerCommand) += pricer_.machine().arch.chiplets();
  return {pricer_.barrier_cycles() + pins.first_load + pins.latency, pricer_.dynamic_pj(pins.actions)};
}

GroupModel::Brief GroupModel::brief(const std::vector<spec::GemmMapping>& mappings, std::int64_t step) const {
  std::array<double, spec::kActionCount> actions{};
  Brief b;
  b.cycles = run(mappings, step, actions, [](std::size_t, const StepClass&, const NodeStep&, double) {});
  b.energy_pj =
      pricer_.dynamic_pj(actions) + b.cycles * (pricer_.static_pj_per_cycle() + pricer_.background_pj_per_cycle());
  return b;
}

GroupModel::Brief GroupModel::brief_node(std::size_t position, const spec::GemmMapping& mapping,
                                         std::int64_t step) const {
  std::array<double, spec::kActionCount> actions{};
  Pipeline pipeline(pricer_.machine().calibration.overlap);
  for (const StepClass& c : step_classes(shares_, step)) {
    const NodeStep s = this->step(position, mapping, c);
    const auto times = static_cast<double>(c.count);
    for (std::size_t a = 0; a < actions.size(); ++a) actions[a] += times * s.actions[a];
    pipeline.repeat(times, [&] { pipeline.add(s); });
  }
  Brief b;
  b.cycles = pipeline.total();
  b.energy_pj =
      pricer_.dynamic_pj(actions) + b.cycles * (pricer_.static_pj_per_cycle() + pricer_.background_pj_per_cycle());
  return b;
}

std::vector<std::int64_t> GroupModel::key(std::size_t position, std::int64_t step) const {
  const NodeModel& n = nodes_[position];
  std::vector<std::int64_t> key{g_.extent, step, n.spec->gemm ? 0 : 1, static_cast<std::int64_t>(n.bound)};
  const spec::Extents e = n.extents_for(g_.extent, g_.extent);
  key.insert(key.end(), {e.b, e.m, e.n, e.k});
  for (const OperandShape* o : {&n.shape.weight, &n.shape.input, &n.shape.output}) {
    key.push_back((o->resident ? 1 : 0) + (o->holds_bound ? 2 : 0));
    o->runs.append_key(key);
  }
  const EpilogueShape& p = n.shape.epilogue;
  key.insert(key.end(), {p.record_bytes, p.channels_include_batch ? 1 : 0, p.n_channels, p.table_bytes});
  return key;
}

void GroupModel::append_group_key(std::size_t position, std::vector<std::int64_t>& key) const {
  const NodeModel& n = nodes_[position];
  for (double bytes : {pins_.whole_bytes, pins_.per_value_bytes, pins_.whole_gb_writes, n.parameter_bytes})
    key.push_back(bits(bytes));
  key.insert(key.end(), {pins_.whole_loads, pins_.step_loads, n.parameter_loads});
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
  const Machine& m = pricer_.machine();
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
    dram["weight"].reads += (n.shape.weight.holds_bound ? x : busiest ? times : 0.0) * s.weight_load_bytes;
    dram["input"].reads += (n.shape.input.holds_bound ? x : busiest ? times : 0.0) * s.input_load_bytes;
    dram["output"].updates += x * s.store_bytes;
    auto& gb = cost.accesses["global_buffer"];
    gb["weight"].fills += x * s.weight_fill_bytes;
    gb["weight"].reads += x * s.weight_send_bytes;
    gb["input"].fills += x * s.input_fill_bytes;
    gb["input"].reads += x * s.input_send_bytes;
    gb["output"].updates += x * s.drain_bytes;
    gb["output"].reads += x * s.store_out_bytes;
    auto& pe = cost.accesses["pe"];
    pe["weight"].fills += x * s.weight_writes;
    pe["weight"].reads += x * s.weight_reads;
    pe["input"].fills += x * s.input_writes;
    pe["input"].reads += x * s.input_reads;
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

GroupCost GroupModel::full(const std::vector<spec::GemmMapping>& mappings, std::int64_t step) const {
  GroupCost cost;
  const Machine& m = pricer_.machine();
  cost.nodes.resize(nodes_.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) cost.nodes[i].node = nodes_[i].node;
  std::vector<double> weight(nodes_.size(), 0);
  cost.cycles =
      run(mappings, step, cost.actions, [&](std::size_t i, const StepClass& c, const NodeStep& s, double times) {
        NodeCost& n = cost.nodes[i];
        add_accesses(n, i, mappings[i], c, times);
        for (std::size_t a = 0; a < s.actions.size(); ++a) n.actions[a] += times * s.actions[a];
        for (std::size_t r = 0; r < s.busy.size(); ++r) n.resource_cycles[r] += times * s.busy[r];
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
    n.energy_pj =
        pricer_.dynamic_pj(n.actions) + n.cycles * (pricer_.static_pj_per_cycle() + pricer_.background_pj_per_cycle());
    n.energy_by_component_pj = by_component(n.actions, n.cycles);
    for (std::size_t r = 0; r < n.resource_cycles.size(); ++r) cost.resource_cycles[r] += n.resource_cycles[r];
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
