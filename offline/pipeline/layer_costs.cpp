// Paths are chosen by the rule of the cost table's rows, so that a schedule runs what its rows say.
#include "offline/pipeline/layer_costs.h"

#include "machines/make_machine.h"
#include "offline/cost_table/network_cost.h"
#include "offline/schedule/planner.h"

namespace heat::offline {

LayerCosts::LayerCosts(PipelineContext& context, const machines::Calibration& calibration)
    : context_(context),
      machine_(machines::make_machine(context.arch(), context.energy(), calibration)),
      coster_(context.arch(), context.energy(), calibration, table_search()),
      paths_(coster_, static_cast<int>(context.config().level1.paths), BuildOptions{}.max_path_macs) {}

LoweringTarget LayerCosts::target() {
  return {machine_->pe_array().grain, [this](const TensorNetwork& network) { return paths_.best(network).plan; }};
}

spec::Schedule LayerCosts::schedule(const std::vector<LayerForm>& layers) {
  NetworkForms forms = forms_without_values(layers);
  forms.target = target();
  return plan_network(context_.graph(), context_.label(layers.empty() ? Form::kDense : "mixed"), forms, *machine_, {},
                      &cache_)
      .schedule();
}

}  // namespace heat::offline
