// Thin: a group is costed by its machine's model with the mappings found in its plan.
#include "machines/machine.h"

namespace heat::machines {
namespace {

GroupCost evaluate_group(const spec::Workload& workload, const spec::FusedGroup& group, CostModel& model) {
  Mappings mappings;
  for (const spec::PlannedNode& n : group.nodes) mappings.push_back(n.mapping);
  return model.group(workload, group)->full_cost(mappings);
}

}  // namespace

GroupCost evaluate(const spec::Workload& workload, const spec::FusedGroup& group, const Machine& machine) {
  return evaluate_group(workload, group, *machine.cost_model());
}

PlanCost evaluate(const spec::Workload& workload, const spec::Plan& plan, const Machine& machine) {
  const std::unique_ptr<CostModel> model = machine.cost_model();
  PlanCost total;
  for (const spec::FusedGroup& group : plan.groups) {
    const GroupCost& cost = total.groups[total.groups.push_back(evaluate_group(workload, group, *model))];
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

}  // namespace heat::machines
