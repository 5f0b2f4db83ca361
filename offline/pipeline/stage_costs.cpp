// Stages 3 and 4: level 1 on the teacher's own matrices, and the dense network on the machine.
#include <atomic>
#include <filesystem>

#include "offline/cost_table/pareto.h"
#include "offline/pipeline/choice_costs.h"
#include "offline/pipeline/layer_costs.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/shape_choice.h"
#include "offline/pipeline/simulation.h"
#include "offline/schedule/planner.h"

namespace heat::offline {

nlohmann::json stage_cost_table(PipelineContext& context, const std::string& folder, StageProgress& progress) {
  const PipelineConfig& config = context.config();
  BuildOptions options;
  options.methods.clear();
  for (const std::string& m : config.level1.methods) options.methods.push_back(method_from_name(m));
  options.candidates.ratios = config.level1.ratios;
  options.candidates.top_k = static_cast<int>(config.level1.shapes);
  options.candidates.max_axes = static_cast<int>(config.level1.max_axes);
  options.tokens = config.tokens;
  options.seed = config.seed;
  options.threads = config.threads;
  options.paths = static_cast<int>(config.level1.paths);
  const std::vector<WeightMatrix> matrices = model_matrices(context.teacher().model, config.level1.matrices);
  CostTable table = CostTable::open(folder + "/cost_table.sqlite");
  const std::atomic<bool> stop{false};
  fill_table(
      table, matrices, context.arch(), context.energy(), {}, options,
      [&](std::size_t done, std::size_t total, const std::string& name) {
        progress.report("shape " + std::to_string(done) + "/" + std::to_string(total) + " (" + name + ")");
      },
      stop);
  const std::vector<CostRow> rows = table.rows();
  const nlohmann::json chosen = choose_shapes(rows, config);
  return {{"candidates", rows.size()},
          {"front", pareto_front(rows).size()},
          {"chosen", chosen},
          {"file", std::filesystem::relative(folder + "/cost_table.sqlite", context.out()).string()}};
}

nlohmann::json stage_dense(PipelineContext& context, const std::string& folder, StageProgress& progress) {
  LayerCosts costs(context, {});
  progress.report("mapping");
  const LoweredNetwork lowered = costs.schedule({});
  write_schedule(lowered.network.schedule, {}, folder + "/schedule.json");
  progress.report("simulating");
  return simulate_schedule(context, lowered.network.schedule, folder, "dense", {});
}

}  // namespace heat::offline
