// Thin: a GroupModel costs the group with the mappings found in its plan.
#include "machines/simba/cost_model.h"

#include <algorithm>

#include "machines/simba/group_model.h"

namespace heat::machines::simba {
namespace {

Resource largest(const std::array<double, kResourceCount>& cycles) {
  return kResources[static_cast<std::size_t>(std::max_element(cycles.begin(), cycles.end()) - cycles.begin())].value;
}

GroupCost evaluate_group(const spec::Workload& workload, const spec::FusedGroup& group, const StepPricer& pricer,
                         LinkTables& links) {
  const GroupModel model(workload, group, pricer, links);
  std::vector<spec::GemmMapping> mappings;
  for (const spec::PlannedNode& n : group.nodes) mappings.push_back(n.mapping);
  return model.full(mappings, group.step);
}

}  // namespace

VectorGrain grain(const spec::ArchSpec& arch) {
  return {arch.pe.lanes, arch.pe.width};
}

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

void GroupCost::predict(spec::FusedGroup& group) const {
  group.prediction = prediction();
  for (std::size_t i = 0; i < nodes.size(); ++i)
    group.nodes[i].prediction = {nodes[i].cycles, nodes[i].energy_pj, nodes[i].energy_by_component_pj};
}

GroupCost evaluate(const spec::Workload& workload, const spec::FusedGroup& group, const Machine& machine) {
  const StepPricer pricer(machine);
  LinkTables links(machine.arch.noc);
  return evaluate_group(workload, group, pricer, links);
}

PlanCost evaluate(const spec::Workload& workload, const spec::Plan& plan, const Machine& machine) {
  const StepPricer pricer(machine);
  LinkTables links(machine.arch.noc);
  PlanCost total;
  for (const spec::FusedGroup& group : plan.groups) {
    const GroupCost& cost = total.groups[total.groups.push_back(evaluate_group(workload, group, pricer, links))];
    total.cycles += cost.cycles;
    total.energy_pj += cost.energy_pj;
    total.macs += cost.macs;
  }
  return total;
}

PlanCost predict(const spec::Workload& workload, spec::Plan& plan, const Machine& machine) {
  PlanCost total = evaluate(workload, plan, machine);
  plan.prediction = {total.cycles, total.energy_pj, {}};
  for (spec::GroupId g : plan.groups.ids()) {
    total.groups[g].predict(plan.groups[g]);
    for (const auto& [name, pj] : total.groups[g].energy_by_component_pj)
      plan.prediction.energy_by_component_pj[name] += pj;
  }
  return total;
}

}  // namespace heat::machines::simba
