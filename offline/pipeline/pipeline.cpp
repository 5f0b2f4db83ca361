// The table of stages; each stage's key covers the parts of the configuration that it reads.
#include "offline/pipeline/pipeline.h"

#include <cstdio>

#include "base/atomic_file.h"

namespace heat::offline {
namespace {

nlohmann::json keys_of(const PipelineConfig& config, const std::vector<std::string>& parts) {
  nlohmann::json keys = nlohmann::json::object();
  for (const std::string& part : parts) keys[part] = key_of(config, part);
  return keys;
}

std::vector<Stage> stages_of(PipelineContext& context) {
  const PipelineConfig& c = context.config();
  std::vector<Stage> stages;
  const auto add = [&](const std::string& name, const std::vector<std::string>& inputs,
                       const std::vector<std::string>& parts, auto run) {
    stages.push_back({name, inputs, keys_of(c, parts), run});
  };
  using R = const StageResults&;
  using F = const std::string&;
  using P = StageProgress&;
  add("baseline", {}, {"data"}, [&](R, F, P p) { return stage_baseline(context, p); });
  add("teacher", {}, {"data", "teacher"}, [&](R, F, P p) { return stage_teacher(context, p); });
  add("cost-table", {"teacher"}, {"machine", "level1"}, [&](R, F f, P p) { return stage_cost_table(context, f, p); });
  add("dense", {"teacher"}, {"machine"}, [&](R, F f, P p) { return stage_dense(context, f, p); });
  add("supernet", {"cost-table"}, {"data", "supernet"},
      [&](R r, F f, P p) { return stage_supernet(context, r, f, p); });
  add("predictor", {"supernet"}, {"predictor"}, [&](R r, F f, P p) { return stage_predictor(context, r, f, p); });
  add("search", {"predictor", "dense"}, {"search"}, [&](R r, F f, P p) { return stage_search(context, r, f, p); });
  add("loop", {"search"}, {"loop"}, [&](R r, F f, P p) { return stage_loop(context, r, f, p); });
  add("distill", {"loop"}, {"distill"}, [&](R r, F f, P p) { return stage_distill(context, r, f, p); });
  add("evaluate", {"distill"}, {}, [&](R r, F, P p) { return stage_evaluate(context, r, p); });
  add("schedule", {"distill"}, {"int8"}, [&](R r, F f, P p) { return stage_schedule(context, r, f, p); });
  add("report", {"baseline", "evaluate", "schedule"}, {},
      [&](R r, F f, P p) { return stage_report(context, r, f, p); });
  return stages;
}

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

// What level 3 and the quantisation did to the student.
std::string student_lines(const nlohmann::ordered_json& s) {
  const auto& student = s.at("student");
  const auto percent = [](const nlohmann::ordered_json& j, const char* key) {
    return text("%.2f %%", 100 * j.at(key).get<double>());
  };
  std::string out = "  on dev: projected " + percent(student, "projected_accuracy_dev");
  if (student.contains("stage_one_accuracy_dev"))
    out += ", after stage one " + percent(student, "stage_one_accuracy_dev");
  if (student.contains("stage_two_accuracy_dev"))
    out += ", after stage two " + percent(student, "stage_two_accuracy_dev");
  out += ", kept " + percent(student, "accuracy_dev") + "; teacher " + percent(s.at("teacher"), "accuracy_dev");
  out += "\n  in int8: " + percent(student, "int8_accuracy") + " of " +
         std::to_string(student.at("int8_examples").get<int>());
  out += " test examples, in float of the same " + percent(student, "int8_float_accuracy");
  out += "\n";
  return out;
}

std::string corrections_text(const nlohmann::ordered_json& table) {
  const auto factors = [&](const char* key) {
    const auto& c = table.at(key);
    return text("%.2f", c.at("mean").get<double>()) + " (" + text("%.2f", c.at("min").get<double>()) + " to " +
           text("%.2f", c.at("max").get<double>()) + ")";
  };
  return "  cost table: " + text("%.0f", table.at("measured").get<double>()) + " of " +
         text("%.0f", table.at("rows").get<double>()) + " rows measured; measured over predicted: latency " +
         factors("latency_correction") + ", energy " + factors("energy_correction") + "\n";
}

}  // namespace

nlohmann::ordered_json run_pipeline(const PipelineConfig& config, const PipelineOptions& options) {
  PipelineContext context(config, options.out);
  const StageResults results =
      run_stages(options.out + "/stages", stages_of(context), {options.fresh, options.quiet, options.stop_after});
  const auto report = results.find("report");
  if (report == results.end()) return nlohmann::ordered_json::object();
  nlohmann::ordered_json summary = nlohmann::ordered_json::parse(report->second.dump());
  base::write_file_atomically(options.out + "/summary.json", summary.dump(2) + "\n");
  return summary;
}

std::string summary_table(const nlohmann::ordered_json& s) {
  const auto& dense = s.at("dense");
  const auto& student = s.at("student");
  const auto number = [](const nlohmann::ordered_json& j, const char* key) { return j.at(key).get<double>(); };
  std::string out = "\n";
  out += row("", "teacher", "student", "ratio");
  out += row("accuracy", text("%.2f %%", 100 * number(s.at("teacher"), "accuracy")),
             text("%.2f %%", 100 * number(student, "accuracy")), text("%+.2f", -number(s, "accuracy_lost_points")));
  out += row("parameters", text("%.0f", number(s.at("teacher"), "params")), text("%.0f", number(student, "params")),
             text("%.2fx", number(s.at("teacher"), "params") / number(student, "params")));
  const auto compare = [&](const char* name, const char* key, double scale, const char* format) {
    out += row(name, text(format, scale * number(dense, key)), text(format, scale * number(student, key)),
               text("%.2fx", number(dense, key) / number(student, key)));
  };
  compare("energy, simulated (uJ)", "energy_pj", 1e-6, "%.2f");
  compare("energy, predicted (uJ)", "predicted_energy_pj", 1e-6, "%.2f");
  compare("latency, simulated (us)", "latency_ns", 1e-3, "%.2f");
  compare("latency, predicted (us)", "predicted_latency_ns", 1e-3, "%.2f");
  compare("EDP, simulated (nJ*s)", "edp_js", 1e9, "%.4f");
  compare("EDP, predicted (nJ*s)", "predicted_edp_js", 1e9, "%.4f");
  const auto& c = s.at("calibration");
  out += "\n  predicted against simulated, mean over groups: latency " +
         text("%.1f %%", 100 * number(c, "latency_error_before")) + " before calibration, " +
         text("%.1f %%", 100 * number(c, "latency_error_after")) + " after; energy " +
         text("%.1f %%", 100 * number(c, "energy_error_before")) + " before, " +
         text("%.1f %%", 100 * number(c, "energy_error_after")) + " after\n" + corrections_text(s.at("cost_table")) +
         "  bag-of-words baseline: accuracy " + text("%.2f %%", 100 * number(s.at("baseline"), "accuracy")) +
         "; simulated outputs " +
         (student.at("bit_exact").get<bool>() ? "equal the integer evaluation bit for bit\n"
                                              : "DIFFER from the integer evaluation\n");
  out += student_lines(s);
  return out;
}

}  // namespace heat::offline
