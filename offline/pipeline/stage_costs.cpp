// Stages 3 and 4: level 1 on the teacher's own matrices, and the dense network on the machine.
#include <filesystem>

#include "base/errors.h"
#include "machines/make_machine.h"
#include "offline/cost_table/parts.h"
#include "offline/pipeline/choice_costs.h"
#include "offline/pipeline/layer_costs.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/shape_choice.h"
#include "offline/pipeline/simulation.h"
#include "offline/schedule/planner.h"

namespace heat::offline {
namespace {

BuildOptions build_options(const PipelineConfig& config) {
  BuildOptions options;
  options.methods.clear();
  for (const std::string& m : config.level1.methods) options.methods.push_back(&method_named(m));
  options.candidates.ratios = config.level1.ratios;
  options.candidates.top_k = static_cast<int>(config.level1.shapes);
  options.candidates.max_axes = static_cast<int>(config.level1.max_axes);
  options.tokens = config.tokens;
  options.seed = config.seed;
  options.threads = config.threads;
  options.paths = static_cast<int>(config.level1.paths);
  return options;
}

void fill(CostTable& table, const std::vector<WeightMatrix>& matrices, const StageRun& run, const base::Shard& shard) {
  BuildControl control;
  control.shard = shard;
  control.progress = [&](std::size_t done, std::size_t total, const std::string& name) {
    run.progress.report("shape " + std::to_string(done) + "/" + std::to_string(total) + " (" + name + ")");
  };
  PipelineContext& context = run.context;
  const BuildOptions options = build_options(context.config());
  const std::unique_ptr<machines::Machine> machine = machines::make_machine(context.arch(), context.energy());
  if (fill_table(table, matrices, *machine, options, control).stopped)
    throw base::Error("stopped; the same command goes on from here");
}

}  // namespace

void part_of_cost_table(const StageRun& run, const base::Shard& shard) {
  const PipelineConfig& config = run.context.config();
  const std::vector<WeightMatrix> matrices = model_matrices(run.context.teacher().model, config.level1.matrices);
  CostTable part = open_part(run.folder, shard);
  fill(part, matrices, run, shard);
  note_part_done(part, shard, work_name(matrices, build_options(config)), {});
}

CostTableResult stage_cost_table(const StageRun& run) {
  run.context.farm_out();
  const std::vector<WeightMatrix> matrices =
      model_matrices(run.context.teacher().model, run.context.config().level1.matrices);
  {
    CostTable table = CostTable::open(table_file(run.folder));
    take_over_parts(table, run.folder);
    fill(table, matrices, run, {});
  }
  CostTable::rewrite_sorted(table_file(run.folder));
  std::filesystem::remove_all(parts_folder(run.folder));
  const std::vector<CostRow> rows = CostTable::open(table_file(run.folder)).rows();
  return {static_cast<std::int64_t>(rows.size()), static_cast<std::int64_t>(pareto_front(rows).size()),
          choose_shapes(rows, run.context.config()), run.context.relative(table_file(run.folder))};
}

DenseResult stage_dense(const StageRun& run) {
  LayerCosts costs(run.context, {});
  run.progress.report("mapping");
  const spec::Schedule schedule = costs.schedule({});
  write_schedule(schedule, {}, run.folder + "/schedule.json");
  run.progress.report("simulating");
  return {simulate_schedule(run.context, schedule, run.folder, "dense", {})};
}

}  // namespace heat::offline
