// A workload of the one layer: lower the path, plan fusion, add up.
#include "offline/schedule/layer_cost.h"

#include <algorithm>

#include "machines/make_machine.h"
#include "offline/schedule/lower_path.h"

namespace heat::offline {

struct LayerCoster::State {
  spec::ArchSpec arch;
  spec::EnergyTable energy;
  std::unique_ptr<machines::Machine> machine;
  mapper::SearchOptions options;
  mapper::SearchCache cache;
  State(const spec::ArchSpec& a, const spec::EnergyTable& e, machines::Calibration c, mapper::Objective objective)
      : arch(a), energy(e), machine(machines::make_machine(arch, energy, c)) {
    options.objective = objective;
  }
};

LayerCoster::LayerCoster(const spec::ArchSpec& arch, const spec::EnergyTable& energy, machines::Calibration calibration,
                         mapper::Objective objective)
    : state_(std::make_unique<State>(arch, energy, calibration, objective)) {}
LayerCoster::~LayerCoster() = default;

LayerCost LayerCoster::cost(const spec::Einsum& einsum, const spec::ContractionPath& path,
                            const std::vector<int>& statics, const spec::Index& token) {
  spec::Workload workload;
  LowerRequest request;
  request.einsum = einsum;
  request.path = path;
  request.layer = "layer";
  request.output_name = "output";
  request.output_kind = spec::TensorKind::kOutput;
  request.token = token;
  request.grain = state_->machine->pe_array().grain;
  for (std::size_t i = 0; i < einsum.operands.size(); ++i) {
    const bool is_static = std::find(statics.begin(), statics.end(), static_cast<int>(i)) != statics.end();
    request.operands.push_back(
        {"operand" + std::to_string(i), is_static ? spec::TensorKind::kWeight : spec::TensorKind::kInput, {}});
  }
  const LoweredPath lowered = lower_path(workload, request);
  const mapper::FusionResult fused =
      mapper::plan_fusion(workload, lowered.nodes, *state_->machine, state_->options, &state_->cache);
  LayerCost cost;
  cost.feasible = fused.feasible;
  cost.reason = fused.reason;
  if (!fused.feasible) return cost;
  const spec::ArchSpec& arch = state_->arch;
  cost.cycles = fused.cycles;
  cost.energy_pj = fused.energy_pj;
  cost.edp_js = mapper::objective_value(mapper::Objective::kEdp, fused.cycles, fused.energy_pj, arch);
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
