// Stages 9 to 11: level 3's distillation, the student's accuracy, and its weights through the machine bit by bit.
#include <filesystem>

#include "base/atomic_file.h"
#include "offline/pipeline/fit.h"
#include "offline/pipeline/int8_accuracy.h"
#include "offline/pipeline/model_forms.h"
#include "offline/pipeline/pipeline.h"
#include "offline/pipeline/simulation.h"
#include "offline/pipeline/subnets.h"
#include "offline/schedule/evaluate.h"
#include "offline/schedule/planner.h"
#include "offline/schedule/quantize.h"
#include "spec/units.h"

namespace heat::offline {
namespace {

// The teacher with empty factorised layers, to be filled from a file.
TorchModel empty_student(PipelineContext& context, const std::vector<LayerPlan>& plans) {
  TorchModel student = clone(context.teacher().model);
  for (auto& [name, linear] : student.body_linears())
    for (const LayerPlan& p : plans)
      if (p.layer == name) *linear = std::make_unique<FactorizedLinear>(p.method, p.shape, p.ranks);
  return student;
}

// The ranks that factorize() really took.
std::vector<LayerPlan> plans_of_model(TorchModel& model) {
  std::vector<LayerPlan> plans;
  for (const auto& [name, layer] : factorized_layers(model))
    plans.push_back({name, layer->method(), layer->shape(), layer->max_ranks()});
  return plans;
}

// Dev accuracies of the moments of a distillation: {"projected_accuracy_dev", "stage_one_accuracy_dev",
// "stage_two_accuracy_dev", "accuracy_dev", "kept_stage", "kept_step", "scores"}; of a stage the last one.
nlohmann::json describe(const DistillResult& result) {
  nlohmann::json json{{"scores", nlohmann::json::array()}};
  for (const DevScore& s : result.scores) {
    const char* stage = s.stage == "projected" ? "projected" : s.stage == "blocks" ? "stage_one" : "stage_two";
    json[std::string(stage) + "_accuracy_dev"] = s.accuracy;
    json["scores"].push_back({{"stage", stage}, {"step", s.step}, {"accuracy_dev", s.accuracy}});
  }
  json["accuracy_dev"] = result.scores.at(result.kept).accuracy;
  json["kept_stage"] = json["scores"][result.kept]["stage"];
  json["kept_step"] = result.scores[result.kept].step;
  return json;
}

// The tensors of kind output that simba-sim wrote against ours.
bool equal_output(const spec::Schedule& schedule, const std::vector<std::vector<std::int8_t>>& bytes, int output,
                  const std::string& file) {
  IntegerValues values = bytes;
  evaluate_integer(schedule, values);
  const auto& expected = values[static_cast<std::size_t>(output)];
  const std::string written = base::read_file(file);
  return written.size() == expected.size() &&
         std::equal(expected.begin(), expected.end(), written.begin(),
                    [](std::int8_t a, char b) { return a == static_cast<std::int8_t>(b); });
}

}  // namespace

TorchModel load_student(PipelineContext& context, const StageResults& results) {
  const nlohmann::json& stage = results.at("distill");
  TorchModel student = empty_student(context, plans_from_json(stage.at("plans")));
  read_parameters(student, context.out() + "/" + stage.at("file").get<std::string>());
  return student;
}

nlohmann::json stage_distill(PipelineContext& context, const StageResults& results, const std::string& folder,
                             StageProgress& progress) {
  const PipelineConfig& config = context.config();
  progress.report("projecting");
  TorchModel student = clone(context.teacher().model);
  DecomposeOptions options;
  options.seed = config.seed;
  options.threads = config.threads;
  const std::vector<double> errors = factorize(student, plans_from_json(results.at("loop").at("plans")), options);
  RunFolder run;
  run.path = folder;
  run.checkpoint_steps = 50;
  const auto report = [&](const Progress& p) {
    char text[128];
    std::snprintf(text, sizeof text, "%s  step %lld/%lld  loss %.4f  dev %.2f %%", p.stage.c_str(),
                  static_cast<long long>(p.step), static_cast<long long>(p.total), p.loss, 100 * p.dev_accuracy);
    progress.report(text);
  };
  const DistillResult distilled =
      distill(student, context.teacher().model, context.train(), config.distill, run, report, context.student_dev());
  if (!distilled.complete) throw base::Error("stopped; the same command goes on from here");
  const std::vector<LayerPlan> plans = plans_of_model(student);
  const std::string file = folder + "/weights.safetensors";
  write_parameters(student, file, {{"format", "heat-student/1"}, {"layers", to_json(plans).dump()}});
  double error = 0;
  for (double e : errors) error += e / static_cast<double>(errors.size());
  nlohmann::json result = describe(distilled);
  result["teacher_accuracy_dev"] = evaluate(context.teacher().model, context.student_dev()).accuracy;
  result["dev_examples"] = context.student_dev().size();
  result["file"] = std::filesystem::relative(file, context.out()).string();
  result["plans"] = to_json(plans);
  result["mean_projection_error"] = error;
  return result;
}

nlohmann::json stage_evaluate(PipelineContext& context, const StageResults& results, StageProgress& progress) {
  TorchModel student = load_student(context, results);
  const Evaluation test = evaluate(student, context.test(), 4096, [&](const Progress& p) {
    progress.report(std::to_string(p.step) + "/" + std::to_string(p.total));
  });
  std::int64_t params = 0;
  for (const auto& [name, tensor] : student.named_parameters()) params += tensor.numel();
  return {{"accuracy", test.accuracy},
          {"examples", test.examples},
          {"params", params},
          {"encoder_params", encoder_parameters(student)}};
}

nlohmann::json stage_schedule(PipelineContext& context, const StageResults& results, const std::string& folder,
                              StageProgress& progress) {
  const nlohmann::json& loop = results.at("loop");
  const LoopFit fit = LoopFit::from_state(context, loop.at("calibration"),
                                          context.out() + "/" + loop.at("calibration_file").get<std::string>());
  LayerCosts costs(context, fit.calibration());
  TorchModel student = load_student(context, results);
  NetworkForms forms = forms_of_model(student);
  forms.choose = costs.chooser();
  progress.report("mapping");
  LoweredNetwork lowered = plan_network(context.graph(), context.label("mixed"), forms, costs.machine());
  progress.report("quantising");
  const auto& inputs = context.calibration_inputs();
  const NetworkFamily family(context.graph(), context.config().tokens, forms);
  const Ranges ranges = family.calibrate(inputs);
  const auto bytes = quantize_network(lowered.network, ranges, inputs.front());
  write_schedule(lowered.network.schedule, bytes, folder + "/schedule.json");
  progress.report("simulating with data");
  const std::string output = folder + "/output.bin";
  nlohmann::json run = simulate_schedule(context, lowered.network.schedule, folder, "student", {true, true, output});
  run["bit_exact"] = equal_output(lowered.network.schedule, bytes, lowered.network.output, output);
  IntegerNetwork body(family, ranges);
  const Int8Accuracy int8 = int8_accuracy(student, body, context.int8_test(), [&](std::int64_t done) {
    progress.report("int8 accuracy, example " + std::to_string(done));
  });
  run["int8"] = {{"examples", int8.examples},
                 {"accuracy", int8.accuracy},
                 {"float_accuracy", int8.float_accuracy},
                 {"agreement", int8.agreement}};
  const auto corrected = [&](const spec::Prediction& predicted) -> nlohmann::json {
    const spec::Prediction p = fit.corrected(predicted);
    const double ns = p.cycles / context.arch().clock_ghz;
    return {{"cycles", p.cycles},
            {"latency_ns", ns},
            {"energy_pj", p.energy_pj},
            {"edp_js", spec::edp_js(spec::Picojoules(p.energy_pj), spec::Nanoseconds(ns))}};
  };
  run["corrected"] = corrected(lowered.network.schedule.prediction);
  spec::Schedule dense =
      spec::Schedule::load(context.out() + "/" + results.at("dense").at("schedule").get<std::string>());
  machines::simba::predict(dense, costs.machine());
  run["dense_corrected"] = corrected(dense.prediction);
  return run;
}

}  // namespace heat::offline
