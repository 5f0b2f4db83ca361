// Stage 12: the figures of all stages as one summary, the report's data, and the files a user looks for.
#include <filesystem>

#include "base/atomic_file.h"
#include "offline/loop/simulator_process.h"
#include "offline/pipeline/pipeline.h"

namespace heat::offline {
namespace {

namespace fs = std::filesystem;

// Simulated figures and the prediction that the calibrated model makes of them.
nlohmann::ordered_json hardware(const nlohmann::json& run, const nlohmann::json& p) {
  const auto& s = run.at("simulated");
  return {{"energy_pj", s.at("energy_pj")},
          {"latency_ns", s.at("latency_ns")},
          {"edp_js", s.at("edp_js")},
          {"predicted_energy_pj", p.at("energy_pj")},
          {"predicted_latency_ns", p.at("latency_ns")},
          {"predicted_edp_js", p.at("edp_js")},
          {"macs", run.at("macs")},
          {"utilization", run.at("utilization")}};
}

nlohmann::ordered_json summarize(PipelineContext& context, const StageResults& r) {
  const nlohmann::json &teacher = r.at("teacher"), &student = r.at("evaluate"), &errors = r.at("loop").at("errors");
  nlohmann::ordered_json s;
  s["seed"] = context.config().seed;
  s["task"] = context.config().task;
  s["tokens"] = context.config().tokens;
  s["arch"] = context.arch().name;
  s["baseline"] = {{"accuracy", r.at("baseline").at("accuracy")}};
  s["teacher"] = {{"accuracy", teacher.at("accuracy")},
                  {"params", teacher.at("params")},
                  {"encoder_params", teacher.at("encoder_params")}};
  s["dense"] = hardware(r.at("dense"), r.at("schedule").at("dense_corrected"));
  s["student"] = hardware(r.at("schedule"), r.at("schedule").at("corrected"));
  s["student"]["accuracy"] = student.at("accuracy");
  s["student"]["params"] = student.at("params");
  s["student"]["encoder_params"] = student.at("encoder_params");
  s["student"]["int8_accuracy"] = r.at("schedule").at("int8").at("accuracy");
  s["student"]["int8_examples"] = r.at("schedule").at("int8").at("examples");
  s["student"]["int8_float_accuracy"] = r.at("schedule").at("int8").at("float_accuracy");
  for (const char* key : {"projected_accuracy_dev", "stage_one_accuracy_dev", "stage_two_accuracy_dev", "accuracy_dev",
                          "kept_stage", "kept_step", "dev_examples"})
    if (r.at("distill").contains(key)) s["student"][key] = r.at("distill").at(key);
  s["teacher"]["accuracy_dev"] = r.at("distill").at("teacher_accuracy_dev");
  s["student"]["bit_exact"] = r.at("schedule").at("bit_exact");
  s["accuracy_lost_points"] = 100 * (teacher.at("accuracy").get<double>() - student.at("accuracy").get<double>());
  s["edp_ratio"] = s["dense"]["edp_js"].get<double>() / s["student"]["edp_js"].get<double>();
  s["calibration"] = {{"latency_error_before", errors.at("latency_error_before")},
                      {"latency_error_after", errors.at("latency_error_after")},
                      {"energy_error_before", errors.at("energy_error_before")},
                      {"energy_error_after", errors.at("energy_error_after")},
                      {"rounds", r.at("loop").at("rounds").size()},
                      {"edp_error", r.at("loop").at("rounds").back().at("edp_error")}};
  s["cost_table"] = r.at("loop").at("cost_table");
  s["search"] = {{"candidates", r.at("cost-table").at("candidates")}, {"spearman", r.at("predictor").at("spearman")}};
  for (const auto& c : r.at("cost-table").at("chosen"))
    s["shapes"].push_back(
        {{"rows", c.at("rows")}, {"cols", c.at("cols")}, {"method", c.at("method")}, {"shape", c.at("shape")}});
  return s;
}

// Energy and latency of the layers of a run.
nlohmann::json layers_of(const nlohmann::json& run) {
  nlohmann::json layers = nlohmann::json::array();
  for (const auto& l : run.at("layers"))
    layers.push_back({{"layer", l.at("layer")},
                      {"energy_by_component_pj", l.at("energy_by_component_pj")},
                      {"latency_ns", l.at("latency_ns")}});
  return layers;
}

nlohmann::ordered_json report_data(PipelineContext& context, const StageResults& r,
                                   const nlohmann::ordered_json& summary) {
  nlohmann::ordered_json data;
  data["title"] = "HEAT on " + context.arch().name + ": " + context.config().task;
  data["summary"] = summary;
  data["pareto"] = {{"points", r.at("loop").at("pareto")}};
  data["layers"] = {{"dense", layers_of(r.at("dense"))}, {"student", layers_of(r.at("schedule"))}};
  data["calibration"] = {{"points", r.at("loop").at("points")}};
  const auto& search = r.at("loop").at("search");
  data["search"] = {
      {"generations", search.at("generations")},
      {"baselines", search.at("baselines")},
      {"predictor", {{"points", r.at("predictor").at("points")}, {"spearman", r.at("predictor").at("spearman")}}}};
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

nlohmann::json stage_report(PipelineContext& context, const StageResults& results, const std::string& folder,
                            StageProgress& progress) {
  const std::string& out = context.out();
  const nlohmann::ordered_json summary = summarize(context, results);
  const std::string data = folder + "/report_data.json";
  base::write_file_atomically(data, report_data(context, results, summary).dump(1) + "\n");
  const auto file_of = [&](const char* stage, const char* key) {
    return out + "/" + results.at(stage).at(key).get<std::string>();
  };
  place(file_of("loop", "table"), out + "/cost_table.sqlite");
  place(file_of("distill", "file"), out + "/weights.safetensors");
  place(file_of("loop", "calibration_file"), out + "/calibration.json");
  const std::string schedule = file_of("schedule", "schedule");
  place(fs::path(schedule).replace_extension(".bin").string(), out + "/schedule.bin");
  place(schedule, out + "/schedule.json");
  place(file_of("dense", "trace"), out + "/traces/dense.sqlite");
  place(file_of("schedule", "trace"), out + "/traces/student.sqlite");
  progress.report("writing the report");
  std::string error;
  const std::string report = folder + "/report.html";
  const int status = run_process({report_program(), "report", "dense=" + out + "/traces/dense.sqlite",
                                  "student=" + out + "/traces/student.sqlite", "--data", data, "--output", report},
                                 error);
  if (status != 0) throw base::Error("heat-trace report failed with status " + std::to_string(status) + ": " + error);
  place(data, out + "/report_data.json");
  place(report, out + "/report.html");
  return summary;
}

}  // namespace heat::offline
