// The summary's keys gather what the figures of one network are; a reader takes them apart again.
#include "offline/decompose/form_text.h"
#include "offline/pipeline/json_fields.h"
#include "offline/pipeline/stage_json.h"

namespace heat::offline {

using nlohmann::json;

namespace {

void take_hardware(const json& j, HardwareSummary& h) {
  j.at("energy_pj").get_to(h.energy_pj);
  j.at("latency_ns").get_to(h.latency_ns);
  j.at("edp_js").get_to(h.edp_js);
  j.at("predicted_energy_pj").get_to(h.predicted_energy_pj);
  j.at("predicted_latency_ns").get_to(h.predicted_latency_ns);
  j.at("predicted_edp_js").get_to(h.predicted_edp_js);
  j.at("macs").get_to(h.macs);
  j.at("utilization").get_to(h.utilization);
}

}  // namespace

nlohmann::ordered_json ordered_json_of(const Summary& s) {
  using Ordered = nlohmann::ordered_json;
  const auto hardware = [](const HardwareSummary& h) {
    return Ordered{{"energy_pj", h.energy_pj},
                   {"latency_ns", h.latency_ns},
                   {"edp_js", h.edp_js},
                   {"predicted_energy_pj", h.predicted_energy_pj},
                   {"predicted_latency_ns", h.predicted_latency_ns},
                   {"predicted_edp_js", h.predicted_edp_js},
                   {"macs", h.macs},
                   {"utilization", h.utilization}};
  };
  Ordered j = {{"seed", s.seed}, {"task", s.task}, {"tokens", s.tokens}, {"arch", s.arch}};
  j["baseline"] = {{"accuracy", s.baseline_accuracy}};
  j["teacher"] = {{"accuracy", s.teacher.accuracy},
                  {"params", s.teacher.params},
                  {"encoder_params", s.teacher.encoder_params},
                  {"accuracy_dev", s.teacher_accuracy_dev}};
  j["dense"] = hardware(s.dense_hardware);
  Ordered& student = j["student"] = hardware(s.student_hardware);
  student["accuracy"] = s.student.accuracy;
  student["params"] = s.student.params;
  student["encoder_params"] = s.student.encoder_params;
  student["int8_accuracy"] = s.int8.accuracy;
  student["int8_examples"] = s.int8.examples;
  student["int8_float_accuracy"] = s.int8.float_accuracy;
  student["machine"] = {{"examples", s.machine.examples},
                        {"padded", s.machine.padded},
                        {"accuracy", s.machine.accuracy},
                        {"float_accuracy", s.machine.float_accuracy},
                        {"bit_exact", s.machine.bit_exact}};
  put_accuracies(student, s.distilled);
  student["bit_exact"] = s.bit_exact;
  j["accuracy_lost_points"] = s.accuracy_lost_points;
  j["edp_ratio"] = s.edp_ratio;
  j["calibration"] = {{"latency_error_before", s.errors.latency_error_before},
                      {"latency_error_after", s.errors.latency_error_after},
                      {"energy_error_before", s.errors.energy_error_before},
                      {"energy_error_after", s.errors.energy_error_after},
                      {"rounds", s.rounds},
                      {"edp_error", s.edp_error}};
  j["cost_table"] = json(s.cost_table);
  j["search"] = {{"candidates", s.candidates}, {"spearman", number(s.spearman)}};
  for (const ChosenShape& c : s.shapes)
    j["shapes"].push_back({{"rows", c.form.shape.rows()},
                           {"cols", c.form.shape.cols()},
                           {"method", c.form.method},
                           {"shape", shape_text(c.form)}});
  return j;
}

void to_json(json& j, const Summary& s) {
  j = json::parse(ordered_json_of(s).dump());
}
void from_json(const json& j, Summary& s) {
  j.at("seed").get_to(s.seed);
  j.at("task").get_to(s.task);
  j.at("tokens").get_to(s.tokens);
  j.at("arch").get_to(s.arch);
  j.at("baseline").at("accuracy").get_to(s.baseline_accuracy);
  const json &teacher = j.at("teacher"), &student = j.at("student");
  for (const auto& [score, from] : {std::pair(&s.teacher, &teacher), std::pair(&s.student, &student)}) {
    from->at("accuracy").get_to(score->accuracy);
    from->at("params").get_to(score->params);
    from->at("encoder_params").get_to(score->encoder_params);
  }
  teacher.at("accuracy_dev").get_to(s.teacher_accuracy_dev);
  take_hardware(j.at("dense"), s.dense_hardware);
  take_hardware(student, s.student_hardware);
  student.at("int8_accuracy").get_to(s.int8.accuracy);
  student.at("int8_examples").get_to(s.int8.examples);
  student.at("int8_float_accuracy").get_to(s.int8.float_accuracy);
  const json& machine = student.at("machine");
  machine.at("examples").get_to(s.machine.examples);
  machine.at("padded").get_to(s.machine.padded);
  machine.at("accuracy").get_to(s.machine.accuracy);
  machine.at("float_accuracy").get_to(s.machine.float_accuracy);
  machine.at("bit_exact").get_to(s.machine.bit_exact);
  student.at("bit_exact").get_to(s.bit_exact);
  take_accuracies(student, s.distilled);
  j.at("accuracy_lost_points").get_to(s.accuracy_lost_points);
  j.at("edp_ratio").get_to(s.edp_ratio);
  const json& errors = j.at("calibration");
  errors.at("latency_error_before").get_to(s.errors.latency_error_before);
  errors.at("latency_error_after").get_to(s.errors.latency_error_after);
  errors.at("energy_error_before").get_to(s.errors.energy_error_before);
  errors.at("energy_error_after").get_to(s.errors.energy_error_after);
  errors.at("rounds").get_to(s.rounds);
  errors.at("edp_error").get_to(s.edp_error);
  j.at("cost_table").get_to(s.cost_table);
  j.at("search").at("candidates").get_to(s.candidates);
  s.spearman = number_from(j.at("search").at("spearman"));
  for (const json& shape : j.at("shapes")) {
    const Method& method = method_named(shape.at("method").get<std::string>());
    s.shapes.push_back({"",
                        {method.name(),
                         parse_shape(shape.at("shape").get<std::string>(), method, shape.at("rows").get<std::int64_t>(),
                                     shape.at("cols").get<std::int64_t>()),
                         {}}});
  }
}

}  // namespace heat::offline
