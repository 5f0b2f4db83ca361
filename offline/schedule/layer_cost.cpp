// A workload of the one layer: lower the path, plan fusion, add up.
#include "offline/schedule/layer_cost.h"

#include <algorithm>

#include "machines/make_machine.h"
#include "offline/schedule/least_cost.h"
#include "offline/schedule/lower_path.h"

namespace heat::offline {

struct LayerCoster::State {
  spec::ArchSpec arch;
  spec::EnergyTable energy;
  std::unique_ptr<machines::Machine> machine;
  mapper::SearchOptions options;
  mapper::SearchCache cache;
  State(const spec::ArchSpec& a, const spec::EnergyTable& e, machines::Calibration c, const mapper::SearchOptions& o)
      : arch(a), energy(e), machine(machines::make_machine(arch, energy, c)), options(o) {}
};

LayerCoster::LayerCoster(const spec::ArchSpec& arch, const spec::EnergyTable& energy, machines::Calibration calibration,
                         const mapper::SearchOptions& options)
    : state_(std::make_unique<State>(arch, energy, calibration, options)) {}
LayerCoster::~LayerCoster() = default;

LoweredPath LayerCoster::lower(const OnlinePlan& plan, spec::Workload& workload) const {
  const std::vector<int> statics = plan.network.statics();
  LowerRequest request;
  request.einsum = plan.network.einsum;
  request.path = plan.path;
  request.layer = "layer";
  request.output_name = "output";
  request.output_kind = spec::TensorKind::kOutput;
  request.grain = state_->machine->pe_array().grain;
  for (std::size_t i = 0; i < plan.network.size(); ++i) {
    const bool is_static = std::find(statics.begin(), statics.end(), static_cast<int>(i)) != statics.end();
    request.operands.push_back(
        {"operand" + std::to_string(i), is_static ? spec::TensorKind::kWeight : spec::TensorKind::kInput, {}});
  }
  return lower_path(workload, request);
}

machines::Cost LayerCoster::least(const OnlinePlan& plan) const {
  spec::Workload workload;
  lower(plan, workload);
  return least_cost(workload, *state_->machine);
}

double LayerCoster::edp_js(const machines::Cost& cost) const {
  return mapper::objective_value(mapper::Objective::kEdp, cost.cycles, cost.energy_pj, state_->arch);
}

LayerCost LayerCoster::cost(const OnlinePlan& plan) {
  spec::Workload workload;
  const LoweredPath lowered = lower(plan, workload);
  const mapper::FusionResult fused =
      mapper::plan_fusion(workload, lowered.nodes, *state_->machine, state_->options, &state_->cache);
  LayerCost cost;
  cost.feasible = fused.feasible;
  cost.reason = fused.reason;
  if (!fused.feasible) return cost;
  const spec::ArchSpec& arch = state_->arch;
  cost.cycles = fused.cycles;
  cost.energy_pj = fused.energy_pj;
  cost.edp_js = edp_js({fused.cycles, fused.energy_pj});
  for (const spec::FusedGroup& planned : fused.groups) {
    const machines::GroupCost g = machines::evaluate(workload, planned, *state_->machine);
    LayerCost::Group group;
    for (const spec::PlannedNode& n : planned.nodes) group.einsums.push_back(workload.nodes[n.node].einsum);
    group.step = planned.step;
    group.cycles = g.cycles;
    group.energy_pj = g.energy_pj;
    group.bottleneck = g.bottleneck();
    cost.groups.push_back(std::move(group));
    cost.macs += g.macs;
    cost.dram_bytes += g.dram_bytes;
  }
  cost.utilization = cost.macs / (cost.cycles * static_cast<double>(arch.macs_per_cycle()));
  return cost;
}

}  // namespace heat::offline
