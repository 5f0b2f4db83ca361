// A network's cost is the sum of its layers' plus what no choice changes (attention, norms): the paper's E_tot and
// T_tot.
#include "offline/pipeline/layer_costs.h"

#include <nlohmann/json.hpp>

#include "offline/schedule/planner.h"

namespace heat::offline {

nlohmann::json to_json(const Corrections& c) {
  return {{"cycles", c.cycles}, {"energy", c.energy}};
}

std::string correction_key(std::int64_t rows, std::int64_t cols, bool dense) {
  return std::to_string(rows) + "x" + std::to_string(cols) + (dense ? " dense" : " factorized");
}

LayerCosts::LayerCosts(PipelineContext& context, const mapper::Calibration& calibration)
    : context_(context),
      machine_{context.arch(), context.energy(), calibration},
      coster_(context.arch(), context.energy(), calibration),
      paths_(coster_, static_cast<int>(context.config().level1.paths)) {}

const mapper::LayerCost& LayerCosts::dense(std::int64_t rows, std::int64_t cols) {
  return paths_.best(dense_linear_network(rows, cols, context_.config().tokens)).cost;
}

const mapper::LayerCost& LayerCosts::factorized(Method method, const TensorShape& shape,
                                                const std::vector<std::int64_t>& ranks) {
  return paths_.best(factorized_linear_network(method, shape, ranks, context_.config().tokens)).cost;
}

PathChooser LayerCosts::chooser() {
  return [this](const TensorNetwork& network) { return paths_.best(network).plan; };
}

LoweredEncoder LayerCosts::schedule(const std::vector<LayerPlan>& plans) {
  EncoderForms forms = forms_of_plans(plans);
  forms.choose = chooser();
  return plan_encoder(context_.shape(), plans.empty() ? "dense" : "mixed", forms, machine_);
}

ChoiceTable LayerCosts::choices(const std::vector<RankLadder>& ladders, const spec::Prediction& dense_schedule,
                                const Corrections& corrections) {
  const double clock = context_.arch().clock_ghz;
  ChoiceTable table;
  double dense_cycles = 0, dense_energy = 0;
  const auto corrected = [](const std::map<std::string, double>& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? 1.0 : found->second;
  };
  for (const RankLadder& ladder : ladders) {
    const mapper::LayerCost& whole = dense(ladder.shape.rows(), ladder.shape.cols());
    const std::string dense_key = correction_key(ladder.shape.rows(), ladder.shape.cols(), true);
    dense_cycles += whole.cycles * corrected(corrections.cycles, dense_key);
    dense_energy += whole.energy_pj * corrected(corrections.energy, dense_key);
    const std::string key = correction_key(ladder.shape.rows(), ladder.shape.cols(), false);
    std::vector<ChoiceCost> costs;
    for (std::size_t c = 0; c < ladder.choices.size(); ++c) {
      const mapper::LayerCost& cost = factorized(ladder.method, ladder.shape, ladder.choices[c]);
      if (!cost.feasible)
        throw spec::Error("layer '" + ladder.layer + "' at choice " + std::to_string(c) + ": " + cost.reason);
      costs.push_back({cost.energy_pj * corrected(corrections.energy, key),
                       cost.cycles * corrected(corrections.cycles, key) / clock, ladder.params[c]});
    }
    table.layers.push_back(std::move(costs));
  }
  table.fixed.latency_ns = std::max(0.0, dense_schedule.cycles - dense_cycles) / clock;
  table.fixed.energy_pj = std::max(0.0, dense_schedule.energy_pj - dense_energy);
  return table;
}

}  // namespace heat::offline
