// Thin: a GroupModel costs the group with the mappings found in the schedule.
#include "machines/simba/cost_model.h"

#include <algorithm>

#include "machines/simba/group_model.h"

namespace heat::machines::simba {
namespace {

Resource largest(const std::array<double, kResourceCount>& cycles) {
  return kResources[static_cast<std::size_t>(std::max_element(cycles.begin(), cycles.end()) - cycles.begin())].value;
}

GroupCost evaluate_group(const spec::Schedule& schedule, int group, const StepPricer& pricer, LinkTables& links) {
  const spec::FusedGroup& g = schedule.groups.at(static_cast<std::size_t>(group));
  const GroupModel model(schedule, g, pricer, links);
  std::vector<spec::GemmMapping> mappings;
  for (int n : g.nodes) {
    const auto& gemm = schedule.nodes[static_cast<std::size_t>(n)].gemm;
    mappings.push_back(gemm ? gemm->mapping : spec::GemmMapping{});
  }
  return model.full(mappings, g.step);
}

}  // namespace

Resource NodeCost::bottleneck() const {
  return largest(resource_cycles);
}
Resource GroupCost::bottleneck() const {
  return largest(resource_cycles);
}

double GroupCost::edp_js(const spec::ArchSpec& arch) const {
  return spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(cycles / arch.clock_ghz));
}

spec::Prediction GroupCost::prediction() const {
  return {cycles, energy_pj, energy_by_component_pj};
}

GroupCost evaluate(const spec::Schedule& schedule, int group, const Machine& machine) {
  const StepPricer pricer(machine);
  LinkTables links(machine.arch.noc);
  return evaluate_group(schedule, group, pricer, links);
}

ScheduleCost evaluate(const spec::Schedule& schedule, const Machine& machine) {
  const StepPricer pricer(machine);
  LinkTables links(machine.arch.noc);
  ScheduleCost total;
  for (std::size_t g = 0; g < schedule.groups.size(); ++g) {
    total.groups.push_back(evaluate_group(schedule, static_cast<int>(g), pricer, links));
    total.cycles += total.groups.back().cycles;
    total.energy_pj += total.groups.back().energy_pj;
    total.macs += total.groups.back().macs;
  }
  return total;
}

ScheduleCost predict(spec::Schedule& schedule, const Machine& machine) {
  ScheduleCost total = evaluate(schedule, machine);
  schedule.prediction = {total.cycles, total.energy_pj, {}};
  for (std::size_t g = 0; g < schedule.groups.size(); ++g) {
    const GroupCost& cost = total.groups[g];
    schedule.groups[g].prediction = cost.prediction();
    for (const auto& [name, pj] : cost.energy_by_component_pj) schedule.prediction.energy_by_component_pj[name] += pj;
    for (const NodeCost& n : cost.nodes)
      schedule.nodes[static_cast<std::size_t>(n.node)].prediction = {n.cycles, n.energy_pj, n.energy_by_component_pj};
  }
  return total;
}

}  // namespace heat::machines::simba
