// The table of stages; each stage's key covers the parts of the configuration that it reads.
#include "offline/pipeline/pipeline.h"

#include <cstdio>

#include "base/atomic_file.h"
#include "offline/pipeline/stage_json.h"

namespace heat::offline {
namespace {

// The name of a stage's folder and progress lines.
const char* name_of(StageId id) {
  switch (id) {
    case StageId::kBaseline:
      return "baseline";
    case StageId::kTeacher:
      return "teacher";
    case StageId::kCostTable:
      return "cost-table";
    case StageId::kDense:
      return "dense";
    case StageId::kSupernet:
      return "supernet";
    case StageId::kPredictor:
      return "predictor";
    case StageId::kSearch:
      return "search";
    case StageId::kLoop:
      return "loop";
    case StageId::kDistill:
      return "distill";
    case StageId::kEvaluate:
      return "evaluate";
    case StageId::kSchedule:
      return "schedule";
    case StageId::kReport:
      return "report";
  }
  throw std::logic_error("no such stage");
}

// Turns typed stages into the runner's.
class StageTable {
 public:
  StageTable(PipelineContext& context, StageResults& results) : context_(context), results_(results) {}

  template <class Result>
  void add(StageId id, const std::vector<StageId>& inputs, const std::vector<ConfigPart>& parts,
           Result (*run)(const StageRun&), void (*part)(const StageRun&, const base::Shard&) = nullptr) {
    Stage stage;
    stage.name = name_of(id);
    for (StageId input : inputs) stage.inputs.push_back(name_of(input));
    stage.config = nlohmann::json::object();
    for (ConfigPart p : parts) stage.config[part_name(p)] = key_of(context_.config(), p);
    stage.run = [&context = context_, &results = results_, run](const std::string& folder, StageProgress& progress) {
      Result result = run({context, results, folder, progress});
      nlohmann::json json = result;
      results.set(std::move(result));
      return json;
    };
    stage.restore = [&results = results_](const nlohmann::json& json) { results.set(json.get<Result>()); };
    if (part)
      stage.run_part = [&context = context_, &results = results_, part](
                           const std::string& folder, StageProgress& progress, const base::Shard& shard) {
        part({context, results, folder, progress}, shard);
      };
    stages_.push_back(std::move(stage));
  }

  std::vector<Stage> take() { return std::move(stages_); }

 private:
  PipelineContext& context_;
  StageResults& results_;
  std::vector<Stage> stages_;
};

std::string row(const char* name, const std::string& teacher, const std::string& student, const std::string& ratio) {
  char line[160];
  std::snprintf(line, sizeof line, "  %-26s %14s %14s %10s\n", name, teacher.c_str(), student.c_str(), ratio.c_str());
  return line;
}

std::string text(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string percent(double share) {
  return text("%.2f %%", 100 * share);
}

// What level 3 and the quantisation did to the student.
std::string student_lines(const Summary& s) {
  const StudentResult& student = s.distilled;
  std::string out = "  on dev: projected " + percent(student.projected_accuracy_dev.value_or(0));
  if (student.stage_one_accuracy_dev) out += ", after stage one " + percent(*student.stage_one_accuracy_dev);
  if (student.stage_two_accuracy_dev) out += ", after stage two " + percent(*student.stage_two_accuracy_dev);
  out += ", kept " + percent(student.accuracy_dev) + "; teacher " + percent(s.teacher_accuracy_dev);
  out += "\n  in int8: " + percent(s.int8.accuracy) + " of " + std::to_string(s.int8.examples);
  out += " test examples, in float of the same " + percent(s.int8.float_accuracy);
  out +=
      "\n  on the simulated machine, padded to " + std::to_string(s.tokens) + " tokens: " + percent(s.machine.accuracy);
  out += " of " + std::to_string(s.machine.examples) + ", in float of the same " + percent(s.machine.float_accuracy);
  out += s.machine.bit_exact ? ", every output bit-equal\n" : ", OUTPUTS DIFFER from the integer evaluation\n";
  return out;
}

std::string corrections_text(const CorrectionSummary& c) {
  const auto factors = [](double mean, double least, double largest) {
    return text("%.2f", mean) + " (" + text("%.2f", least) + " to " + text("%.2f", largest) + ")";
  };
  return "  cost table: " + std::to_string(c.measured) + " of " + std::to_string(c.rows) +
         " rows measured; measured over predicted: latency " + factors(c.latency_mean, c.latency_min, c.latency_max) +
         ", energy " + factors(c.energy_mean, c.energy_min, c.energy_max) + "\n";
}

}  // namespace

std::vector<Stage> pipeline_stages(PipelineContext& context, StageResults& results) {
  using Id = StageId;
  using Part = ConfigPart;
  StageTable t(context, results);
  t.add(Id::kBaseline, {}, {Part::kData}, stage_baseline);
  t.add(Id::kTeacher, {}, {Part::kData, Part::kTeacher}, stage_teacher);
  t.add(Id::kCostTable, {Id::kTeacher}, {Part::kMachine, Part::kLevel1}, stage_cost_table, part_of_cost_table);
  t.add(Id::kDense, {Id::kTeacher}, {Part::kMachine}, stage_dense);
  t.add(Id::kSupernet, {Id::kCostTable}, {Part::kData, Part::kSupernet}, stage_supernet);
  t.add(Id::kPredictor, {Id::kSupernet}, {Part::kPredictor}, stage_predictor, part_of_predictor);
  t.add(Id::kSearch, {Id::kPredictor, Id::kDense}, {Part::kSearch}, stage_search);
  t.add(Id::kLoop, {Id::kSearch}, {Part::kLoop}, stage_loop);
  t.add(Id::kDistill, {Id::kLoop}, {Part::kDistill}, stage_distill);
  t.add(Id::kEvaluate, {Id::kDistill}, {}, stage_evaluate);
  t.add(Id::kSchedule, {Id::kDistill}, {Part::kInt8}, stage_schedule);
  t.add(Id::kReport, {Id::kBaseline, Id::kEvaluate, Id::kSchedule}, {}, stage_report);
  return t.take();
}

std::optional<Summary> run_pipeline(const PipelineConfig& config, const PipelineOptions& options) {
  PipelineContext context(config, options.out, options.farm_out);
  StageResults results;
  run_stages(options.out + "/stages", pipeline_stages(context, results),
             {options.fresh, options.quiet, options.stop_after, options.shard});
  if (!results.has<Summary>()) return std::nullopt;
  base::write_file_atomically(options.out + "/summary.json", summary_json(results.get<Summary>()));
  return results.get<Summary>();
}

std::string summary_json(const Summary& summary) {
  return nlohmann::json(summary).dump(2) + "\n";
}

std::string summary_table(const Summary& s) {
  const HardwareSummary &dense = s.dense_hardware, &student = s.student_hardware;
  const auto count = [](std::int64_t n) { return std::to_string(n); };
  std::string out = "\n";
  out += row("", "teacher", "student", "ratio");
  out +=
      row("accuracy", percent(s.teacher.accuracy), percent(s.student.accuracy), text("%+.2f", -s.accuracy_lost_points));
  out += row("parameters", count(s.teacher.params), count(s.student.params),
             text("%.2fx", static_cast<double>(s.teacher.params) / static_cast<double>(s.student.params)));
  const auto compare = [&](const char* name, double HardwareSummary::*figure, double scale, const char* format) {
    out += row(name, text(format, scale * dense.*figure), text(format, scale * student.*figure),
               text("%.2fx", dense.*figure / student.*figure));
  };
  compare("energy, simulated (uJ)", &HardwareSummary::energy_pj, 1e-6, "%.2f");
  compare("energy, predicted (uJ)", &HardwareSummary::predicted_energy_pj, 1e-6, "%.2f");
  compare("latency, simulated (us)", &HardwareSummary::latency_ns, 1e-3, "%.2f");
  compare("latency, predicted (us)", &HardwareSummary::predicted_latency_ns, 1e-3, "%.2f");
  compare("EDP, simulated (nJ*s)", &HardwareSummary::edp_js, 1e9, "%.4f");
  compare("EDP, predicted (nJ*s)", &HardwareSummary::predicted_edp_js, 1e9, "%.4f");
  const auto error = [](double share) { return text("%.1f %%", 100 * share); };
  out += "\n  predicted against simulated, mean over groups: latency " + error(s.errors.latency_error_before) +
         " before calibration, " + error(s.errors.latency_error_after) + " after; energy " +
         error(s.errors.energy_error_before) + " before, " + error(s.errors.energy_error_after) + " after\n" +
         corrections_text(s.cost_table.summary) + "  bag-of-words baseline: accuracy " + percent(s.baseline_accuracy) +
         "; simulated outputs " +
         (s.bit_exact ? "equal the integer evaluation bit for bit\n" : "DIFFER from the integer evaluation\n");
  out += student_lines(s);
  return out;
}

}  // namespace heat::offline
