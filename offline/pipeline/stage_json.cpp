// Where a struct's members are its keys, a macro lists them; the others state how they differ.
#include "offline/pipeline/stage_json.h"

#include "offline/pipeline/json_fields.h"

// The macro's other half of HEAT_STAGE_JSON: members that are keys of their names.
#define HEAT_MEMBERS(Type, ...)                                                  \
  void to_json(nlohmann::json& nlohmann_json_j, const Type& nlohmann_json_t) {   \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_TO, __VA_ARGS__))     \
  }                                                                              \
  void from_json(const nlohmann::json& nlohmann_json_j, Type& nlohmann_json_t) { \
    NLOHMANN_JSON_EXPAND(NLOHMANN_JSON_PASTE(NLOHMANN_JSON_FROM, __VA_ARGS__))   \
  }

namespace heat::offline {

using nlohmann::json;

void to_json(json& j, const ChosenShape& c) {
  j = {{"key", c.key}, {"form", spec::to_json(c.form)}};
}
void from_json(const json& j, ChosenShape& c) {
  j.at("key").get_to(c.key);
  c.form = spec::form_from_json(j.at("form"), "chosen form");
}

HEAT_MEMBERS(BaselineResult, accuracy, dev_accuracy, features, train_examples, test_examples)
HEAT_MEMBERS(NetworkScore, accuracy, examples, params, encoder_params)
HEAT_MEMBERS(CostTableResult, candidates, front, chosen, file)
HEAT_MEMBERS(Figures, cycles, latency_ns, energy_pj, edp_js)
HEAT_MEMBERS(DetailedFigures, cycles, latency_ns, energy_pj, edp_js, energy_by_component_pj)
HEAT_MEMBERS(LayerFigures, layer, predicted_cycles, predicted_energy_pj, cycles, latency_ns, energy_pj,
             energy_by_component_pj)
HEAT_MEMBERS(GroupFigures, group, predicted_cycles, predicted_energy_pj, cycles, energy_pj)
HEAT_MEMBERS(SimulatedSchedule, name, schedule, simulation, trace, predicted, simulated, macs, utilization, layers,
             groups)
HEAT_MEMBERS(ScoredSubNet, subnet, accuracy)
HEAT_MEMBERS(PredictedScore, predicted, actual)
HEAT_MEMBERS(AssessedSubNet, choices, accuracy, energy_pj, latency_ns, edp_js, params, score, feasible)
HEAT_MEMBERS(SearchGeneration, generation, best, mean, evaluations)
HEAT_MEMBERS(TablePoint, method, shape, rank, matrix, error, ratio, energy_pj, latency_ns, edp_js, params, on_front,
             chosen, measured)
HEAT_MEMBERS(LoopErrors, groups, latency_error_before, latency_error_after, energy_error_before, energy_error_after)
HEAT_MEMBERS(LoopPoint, group, predicted_cycles_before, predicted_cycles_after, measured_cycles,
             predicted_energy_pj_before, predicted_energy_pj_after, measured_energy_pj)
HEAT_MEMBERS(DistillScore, stage, step, accuracy_dev)
HEAT_MEMBERS(Int8Score, examples, accuracy, float_accuracy, agreement)
HEAT_MEMBERS(MachineScore, examples, padded, accuracy, float_accuracy, bit_exact)

void to_json(json& j, const TeacherResult& r) {
  j = static_cast<const NetworkScore&>(r);
}
void from_json(const json& j, TeacherResult& r) {
  j.get_to<NetworkScore>(r);
}
void to_json(json& j, const EvaluateResult& r) {
  j = static_cast<const NetworkScore&>(r);
}
void from_json(const json& j, EvaluateResult& r) {
  j.get_to<NetworkScore>(r);
}
void to_json(json& j, const DenseResult& r) {
  j = static_cast<const SimulatedSchedule&>(r);
}
void from_json(const json& j, DenseResult& r) {
  j.get_to<SimulatedSchedule>(r);
}

void to_json(json& j, const SupernetResult& r) {
  j = {{"file", r.file}, {"ladders", to_json(r.ladders)}};
}
void from_json(const json& j, SupernetResult& r) {
  j.at("file").get_to(r.file);
  r.ladders = ladders_from_json(j.at("ladders"), "ladders");
}

void to_json(json& j, const PredictorResult& r) {
  j = {{"samples", r.samples}, {"spearman", number(r.spearman)}, {"points", r.points}};
}
void from_json(const json& j, PredictorResult& r) {
  j.at("samples").get_to(r.samples);
  r.spearman = number_from(j.at("spearman"));
  j.at("points").get_to(r.points);
}

// The SubNet's keys and two more.
void to_json(json& j, const AssessedBaseline& r) {
  j = r.subnet;
  j["name"] = r.name;
  j["objective"] = r.subnet.score;
}
void from_json(const json& j, AssessedBaseline& r) {
  j.get_to(r.subnet);
  j.at("name").get_to(r.name);
}

HEAT_MEMBERS(SearchReport, generations, baselines, best, feasible, limit_edp_js)

void to_json(json& j, const SearchResult& r) {
  j = {{"subnet", r.subnet},
       {"accuracy", r.accuracy},
       {"runners_up", r.runners_up},
       {"table", r.table},
       {"fixed", {{"energy_pj", r.fixed_energy_pj}, {"latency_ns", r.fixed_latency_ns}}},
       {"report", r.report}};
}
void from_json(const json& j, SearchResult& r) {
  j.at("subnet").get_to(r.subnet);
  j.at("accuracy").get_to(r.accuracy);
  j.at("runners_up").get_to(r.runners_up);
  j.at("table").get_to(r.table);
  j.at("fixed").at("energy_pj").get_to(r.fixed_energy_pj);
  j.at("fixed").at("latency_ns").get_to(r.fixed_latency_ns);
  j.at("report").get_to(r.report);
}

void to_json(json& j, const LoopRound& r) {
  j = {{"round", r.round},
       {"subnet", r.subnet},
       {"predicted_cycles", r.predicted_cycles},
       {"predicted_energy_pj", r.predicted_energy_pj},
       {"simulated_cycles", r.simulated_cycles},
       {"simulated_energy_pj", r.simulated_energy_pj},
       {"edp_error", r.edp_error},
       {"table_edp_js", r.table_edp_js},
       {"table_edp_error", r.table_edp_error},
       {"rows_measured", r.rows_measured}};
  put(j, "layers_changed", r.layers_changed);
}
void from_json(const json& j, LoopRound& r) {
  j.at("round").get_to(r.round);
  j.at("subnet").get_to(r.subnet);
  j.at("predicted_cycles").get_to(r.predicted_cycles);
  j.at("predicted_energy_pj").get_to(r.predicted_energy_pj);
  j.at("simulated_cycles").get_to(r.simulated_cycles);
  j.at("simulated_energy_pj").get_to(r.simulated_energy_pj);
  j.at("edp_error").get_to(r.edp_error);
  j.at("table_edp_js").get_to(r.table_edp_js);
  j.at("table_edp_error").get_to(r.table_edp_error);
  j.at("rows_measured").get_to(r.rows_measured);
  take(j, "layers_changed", r.layers_changed);
}

void to_json(json& j, const TableCorrections& r) {
  j = json::parse(to_json(r.summary).dump());
  j["shapes_chosen_otherwise"] = r.shapes_chosen_otherwise;
}
void from_json(const json& j, TableCorrections& r) {
  r.summary = corrections_from_json(j);
  j.at("shapes_chosen_otherwise").get_to(r.shapes_chosen_otherwise);
}

void to_json(json& j, const LoopFitState& r) {
  j = {{"parameters", json::parse(machines::to_json(r.parameters).dump())},
       {"cycles_factor", r.cycles_factor},
       {"energy_factor", r.energy_factor}};
}
void from_json(const json& j, LoopFitState& r) {
  r.parameters = machines::calibration_from_json(j.at("parameters"), "the loop's calibration");
  j.at("cycles_factor").get_to(r.cycles_factor);
  j.at("energy_factor").get_to(r.energy_factor);
}

void to_json(json& j, const LoopResult& r) {
  j = {{"subnet", r.subnet},
       {"calibration_file", r.calibration_file},
       {"table", r.table},
       {"cost_table", r.cost_table},
       {"pareto", r.pareto},
       {"forms", spec::to_json(r.forms)},
       {"rounds", r.rounds},
       {"search", r.search},
       {"calibration", r.calibration},
       {"errors", r.errors},
       {"points", r.points}};
}
void from_json(const json& j, LoopResult& r) {
  j.at("subnet").get_to(r.subnet);
  j.at("calibration_file").get_to(r.calibration_file);
  j.at("table").get_to(r.table);
  j.at("cost_table").get_to(r.cost_table);
  j.at("pareto").get_to(r.pareto);
  r.forms = spec::layer_forms_from_json(j.at("forms"), "forms");
  j.at("rounds").get_to(r.rounds);
  j.at("search").get_to(r.search);
  j.at("calibration").get_to(r.calibration);
  j.at("errors").get_to(r.errors);
  j.at("points").get_to(r.points);
}

void to_json(json& j, const StudentResult& r) {
  j = {{"file", r.file},
       {"forms", spec::to_json(r.forms)},
       {"mean_projection_error", r.mean_projection_error},
       {"teacher_accuracy_dev", r.teacher_accuracy_dev},
       {"scores", r.scores}};
  put_accuracies(j, r);
}
void from_json(const json& j, StudentResult& r) {
  j.at("file").get_to(r.file);
  r.forms = spec::layer_forms_from_json(j.at("forms"), "forms");
  j.at("mean_projection_error").get_to(r.mean_projection_error);
  j.at("teacher_accuracy_dev").get_to(r.teacher_accuracy_dev);
  j.at("scores").get_to(r.scores);
  take_accuracies(j, r);
}

void to_json(json& j, const ScheduleResult& r) {
  j = static_cast<const SimulatedSchedule&>(r);
  j["bit_exact"] = r.bit_exact;
  j["int8"] = r.int8;
  j["machine"] = r.machine;
  j["corrected"] = r.corrected;
  j["dense_corrected"] = r.dense_corrected;
}
void from_json(const json& j, ScheduleResult& r) {
  j.get_to<SimulatedSchedule>(r);
  j.at("bit_exact").get_to(r.bit_exact);
  j.at("int8").get_to(r.int8);
  j.at("machine").get_to(r.machine);
  j.at("corrected").get_to(r.corrected);
  j.at("dense_corrected").get_to(r.dense_corrected);
}

}  // namespace heat::offline
