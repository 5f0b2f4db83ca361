// HEAT from end to end: every level, the simulator in the loop, the final student with its report. One stage a
// function; offline/loop/stage_runner.h keeps finished stages.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "offline/loop/stage_runner.h"
#include "offline/pipeline/context.h"

namespace heat::offline {

struct PipelineOptions {
  std::string out;
  bool fresh = false;
  bool quiet = false;
  int stop_after = 0;
};

// Runs what is not done yet. Writes below options.out: summary.json, cost_table.sqlite, schedule.json with its image,
// weights.safetensors, traces/<run>/run.sqlite and report.html. Returns the summary.
nlohmann::ordered_json run_pipeline(const PipelineConfig& config, const PipelineOptions& options);

// The summary as the table that ends a run.
std::string summary_table(const nlohmann::ordered_json& summary);

using StageResults = std::map<std::string, nlohmann::json>;

// The stages, in order.
nlohmann::json stage_baseline(PipelineContext& context, StageProgress& progress);
nlohmann::json stage_teacher(PipelineContext& context, StageProgress& progress);
nlohmann::json stage_cost_table(PipelineContext& context, const std::string& folder, StageProgress& progress);
nlohmann::json stage_dense(PipelineContext& context, const std::string& folder, StageProgress& progress);
nlohmann::json stage_supernet(PipelineContext& context, const StageResults& results, const std::string& folder,
                              StageProgress& progress);
nlohmann::json stage_predictor(PipelineContext& context, const StageResults& results, const std::string& folder,
                               StageProgress& progress);
nlohmann::json stage_search(PipelineContext& context, const StageResults& results, const std::string& folder,
                            StageProgress& progress);
nlohmann::json stage_loop(PipelineContext& context, const StageResults& results, const std::string& folder,
                          StageProgress& progress);
nlohmann::json stage_distill(PipelineContext& context, const StageResults& results, const std::string& folder,
                             StageProgress& progress);
nlohmann::json stage_evaluate(PipelineContext& context, const StageResults& results, StageProgress& progress);
nlohmann::json stage_schedule(PipelineContext& context, const StageResults& results, const std::string& folder,
                              StageProgress& progress);
nlohmann::json stage_report(PipelineContext& context, const StageResults& results, const std::string& folder,
                            StageProgress& progress);

// The SuperNet of the chosen shapes, untrained; and the trained one (its weights read from the stage's folder).
SuperNet make_supernet(PipelineContext& context, const StageResults& results);
SuperNet load_supernet(PipelineContext& context, const StageResults& results);
// The final student with its distilled weights.
TorchModel load_student(PipelineContext& context, const StageResults& results);

}  // namespace heat::offline
