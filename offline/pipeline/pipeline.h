// HEAT from end to end: every level, the simulator in the loop, the final student with its report. One stage a
// function; offline/loop/stage_runner.h keeps finished stages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "offline/loop/stage_runner.h"
#include "offline/pipeline/context.h"
#include "offline/pipeline/stage_results.h"

namespace heat::offline {

struct PipelineOptions {
  std::string out;
  bool fresh = false;
  bool quiet = false;
  int stop_after = 0;
  base::Shard shard;  // not the whole: does this part of the next stage, if that is divided, and ends
  FarmOut farm_out;   // starts the parts of a divided stage elsewhere; empty: this process does them
};

// Runs what is not done yet. Writes below options.out: summary.json, cost_table.sqlite, schedule.json with its image,
// weights.safetensors, traces/<run>/run.sqlite and report.html. Returns the summary; nothing when it ended before the
// last stage, as the options say.
std::optional<Summary> run_pipeline(const PipelineConfig& config, const PipelineOptions& options);

// The summary as it is in summary.json, and as the table that ends a run.
std::string summary_json(const Summary& summary);
std::string summary_table(const Summary& summary);

// The stages in their order, each with what decides its result. `results` gets what they leave.
std::vector<Stage> pipeline_stages(PipelineContext& context, StageResults& results);

// What a stage works with. `folder` is its own; an interrupted run may have left something there to go on from.
struct StageRun {
  PipelineContext& context;
  const StageResults& results;
  const std::string& folder;
  StageProgress& progress;
};

BaselineResult stage_baseline(const StageRun& run);
TeacherResult stage_teacher(const StageRun& run);
CostTableResult stage_cost_table(const StageRun& run);
DenseResult stage_dense(const StageRun& run);
SupernetResult stage_supernet(const StageRun& run);
PredictorResult stage_predictor(const StageRun& run);
SearchResult stage_search(const StageRun& run);
LoopResult stage_loop(const StageRun& run);
StudentResult stage_distill(const StageRun& run);
EvaluateResult stage_evaluate(const StageRun& run);
ScheduleResult stage_schedule(const StageRun& run);
Summary stage_report(const StageRun& run);

// The shard's part of a divided stage, left in its folder for the stage itself.
void part_of_cost_table(const StageRun& run, const base::Shard& shard);
void part_of_predictor(const StageRun& run, const base::Shard& shard);

// A network on the test split.
NetworkScore score_network(TorchModel& model, const StageRun& run);
// The SuperNet of the chosen shapes, untrained; and the trained one (its weights read from the stage's folder).
SuperNet make_supernet(PipelineContext& context, const StageResults& results);
SuperNet load_supernet(PipelineContext& context, const StageResults& results);
// The final student with its distilled weights.
TorchModel load_student(PipelineContext& context, const StageResults& results);
// Accuracy by rank choices, fitted on the predictor stage's samples.
AccuracyPredictor make_predictor(const PipelineConfig& config, const std::vector<ScoredSubNet>& samples);

}  // namespace heat::offline
