// Stage 12: the figures of all stages as one summary, the report's data, and the files a user looks for.
#include <filesystem>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "base/jobs/process.h"
#include "offline/loop/simulator_process.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/stage_json.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

// Simulated figures and the prediction that the calibrated model makes of them.
HardwareSummary hardware(const SimulatedSchedule& run, const Figures& predicted) {
  const Figures& s = run.simulated;
  return {s.energy_pj,          s.latency_ns,     s.edp_js, predicted.energy_pj,
          predicted.latency_ns, predicted.edp_js, run.macs, run.utilization};
}

Summary summarize(const PipelineContext& context, const StageResults& r) {
  const LoopResult& loop = r.get<LoopResult>();
  const ScheduleResult& schedule = r.get<ScheduleResult>();
  Summary s;
  s.seed = context.config().seed;
  s.task = context.config().task;
  s.tokens = context.config().tokens;
  s.arch = context.arch().name;
  s.baseline_accuracy = r.get<BaselineResult>().accuracy;
  s.teacher = r.get<TeacherResult>();
  s.student = r.get<EvaluateResult>();
  s.dense_hardware = hardware(r.get<DenseResult>(), schedule.dense_corrected);
  s.student_hardware = hardware(schedule, schedule.corrected);
  s.int8 = schedule.int8;
  s.machine = schedule.machine;
  s.bit_exact = schedule.bit_exact;
  s.distilled = r.get<StudentResult>();
  s.teacher_accuracy_dev = s.distilled.teacher_accuracy_dev;
  s.accuracy_lost_points = 100 * (s.teacher.accuracy - s.student.accuracy);
  s.edp_ratio = s.dense_hardware.edp_js / s.student_hardware.edp_js;
  s.errors = loop.errors;
  s.rounds = static_cast<std::int64_t>(loop.rounds.size());
  s.edp_error = loop.rounds.back().edp_error;
  s.cost_table = loop.cost_table;
  s.candidates = r.get<CostTableResult>().candidates;
  s.spearman = r.get<PredictorResult>().spearman;
  s.shapes = r.get<CostTableResult>().chosen;
  return s;
}

// Energy and latency of the layers of a run.
nlohmann::json layers_of(const SimulatedSchedule& run) {
  nlohmann::json layers = nlohmann::json::array();
  for (const LayerFigures& l : run.layers)
    layers.push_back(
        {{"layer", l.layer}, {"energy_by_component_pj", l.energy_by_component_pj}, {"latency_ns", l.latency_ns}});
  return layers;
}

// What the page's pictures show.
nlohmann::ordered_json report_data(const PipelineContext& context, const StageResults& r, const Summary& summary) {
  const LoopResult& loop = r.get<LoopResult>();
  const PredictorResult& predictor = r.get<PredictorResult>();
  nlohmann::ordered_json data;
  data["title"] = "HEAT on " + context.arch().name + ": " + context.config().task;
  data["summary"] = ordered_json_of(summary);
  data["pareto"] = {{"points", nlohmann::json(loop.pareto)}};
  data["layers"] = {{"dense", layers_of(r.get<DenseResult>())}, {"student", layers_of(r.get<ScheduleResult>())}};
  data["calibration"] = {{"points", nlohmann::json(loop.points)}};
  const nlohmann::json spearman = nlohmann::json(predictor).at("spearman");
  data["search"] = {{"generations", nlohmann::json(loop.search.generations)},
                    {"baselines", nlohmann::json(loop.search.baselines)},
                    {"predictor", {{"points", nlohmann::json(predictor.points)}, {"spearman", spearman}}}};
  return data;
}

void place(const std::string& from, const std::string& to) {
  const std::string temporary = base::temporary_name(to);
  fs::create_directories(fs::path(to).parent_path());
  fs::copy_file(from, temporary, fs::copy_options::overwrite_existing);
  base::commit_file(temporary, to);
}

// heat-trace lies beside this executable, as simba-sim does.
std::string report_program() {
  if (const char* given = std::getenv("HEAT_TRACE")) return given;
  return (fs::path(simulator_path()).parent_path() / "heat-trace").string();
}

}  // namespace

Summary stage_report(const StageRun& run) {
  const PipelineContext& context = run.context;
  const std::string& out = context.out();
  const Summary summary = summarize(context, run.results);
  const std::string data = run.folder + "/report_data.json";
  base::write_file_atomically(data, report_data(context, run.results, summary).dump(1) + "\n");
  const LoopResult& loop = run.results.get<LoopResult>();
  const ScheduleResult& scheduled = run.results.get<ScheduleResult>();
  place(context.absolute(loop.table), out + "/cost_table.sqlite");
  place(context.absolute(run.results.get<StudentResult>().file), out + "/weights.safetensors");
  place(context.absolute(loop.calibration_file), out + "/calibration.json");
  const std::string schedule = context.absolute(scheduled.schedule);
  place(fs::path(schedule).replace_extension(".bin").string(), out + "/schedule.bin");
  place(schedule, out + "/schedule.json");
  place(context.absolute(run.results.get<DenseResult>().trace), out + "/traces/dense.sqlite");
  place(context.absolute(scheduled.trace), out + "/traces/student.sqlite");
  run.progress.report("writing the report");
  const std::string report = run.folder + "/report.html";
  const base::ProcessResult written =
      base::run_process({report_program(), "report", "dense=" + out + "/traces/dense.sqlite",
                         "student=" + out + "/traces/student.sqlite", "--data", data, "--output", report});
  if (written.status != 0)
    throw base::Error("heat-trace report failed with status " + std::to_string(written.status) + ": " + written.error);
  place(data, out + "/report_data.json");
  place(report, out + "/report.html");
  return summary;
}

}  // namespace heat::offline
