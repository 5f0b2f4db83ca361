// Stages 9 to 11: level 3's distillation, the student's accuracy, and its weights through the machine bit by bit.
#include <cstdio>
#include <filesystem>

#include "base/atomic_file.h"
#include "offline/pipeline/fit.h"
#include "offline/pipeline/int8_accuracy.h"
#include "offline/pipeline/machine_accuracy.h"
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
TorchModel empty_student(PipelineContext& context, const std::vector<LayerForm>& forms) {
  TorchModel student = clone(context.teacher().model);
  for (auto& [name, linear] : student.body_linears())
    for (const LayerForm& f : forms)
      if (f.layer == name) *linear = std::make_unique<FactorizedLinear>(f.form);
  return student;
}

// At the ranks that factorize() really took.
std::vector<LayerForm> forms_of_factors(TorchModel& model) {
  std::vector<LayerForm> forms;
  for (const auto& [name, layer] : factorized_layers(model)) forms.push_back({name, layer->max_form()});
  return forms;
}

// The result's name of a stage of distill().
const char* stage_of(const DevScore& score) {
  if (score.stage == "projected") return "projected";
  return score.stage == "blocks" ? "stage_one" : "stage_two";
}

// Dev accuracies of the moments of a distillation; of a stage the last one counts.
void describe(const DistillResult& distilled, StudentResult& result) {
  for (const DevScore& s : distilled.scores) {
    const std::string stage = stage_of(s);
    (stage == "projected"   ? result.projected_accuracy_dev
     : stage == "stage_one" ? result.stage_one_accuracy_dev
                            : result.stage_two_accuracy_dev) = s.accuracy;
    result.scores.push_back({stage, s.step, s.accuracy});
  }
  const DistillScore& kept = result.scores.at(distilled.kept);
  result.accuracy_dev = kept.accuracy_dev;
  result.kept_stage = kept.stage;
  result.kept_step = kept.step;
}

// The tensors of kind output that simba-sim wrote against ours.
bool equal_output(const Network& network, const TensorBytes& bytes, const std::string& file) {
  TensorBytes values = bytes;
  evaluate_integer(network.workload, values);
  const auto& expected = values[network.output];
  const std::string written = base::read_file(file);
  return written.size() == expected.size() &&
         std::equal(expected.begin(), expected.end(), written.begin(),
                    [](std::int8_t a, char b) { return a == static_cast<std::int8_t>(b); });
}

struct Quantisation {
  const NetworkForms& forms;
  const machines::Machine& machine;
  const Ranges& ranges;  // of the network without a mask
};

MachineAccuracy on_machine(PipelineContext& context, TorchModel& student, const Quantisation& q, const StageRun& run) {
  NetworkLabel label = context.label("mixed");
  label.masked = true;
  MaskedBody body{plan_network(context.graph(), label, q.forms, q.machine), {}};
  const std::vector<float>& any = context.calibration_inputs().front();
  body.bytes = quantize_network(body.planned.network, q.ranges, any);
  const SimulationFarm farm{context.config().jobs, run.folder + "/sentences", {}};
  const MachineAccuracy result = machine_accuracy(
      student, body, context.machine_test(), context.config().arch, farm,
      [&](std::int64_t done) { run.progress.report("on the machine with data, sentence " + std::to_string(done)); });
  std::filesystem::remove_all(farm.folder);
  return result;
}

}  // namespace

TorchModel load_student(PipelineContext& context, const StageResults& results) {
  const StudentResult& stage = results.get<StudentResult>();
  TorchModel student = empty_student(context, stage.forms);
  read_parameters(student, context.absolute(stage.file));
  return student;
}

StudentResult stage_distill(const StageRun& run) {
  PipelineContext& context = run.context;
  const PipelineConfig& config = context.config();
  run.progress.report("projecting");
  TorchModel student = clone(context.teacher().model);
  DecomposeOptions options;
  options.seed = config.seed;
  options.threads = config.threads;
  const std::vector<double> errors = factorize(student, run.results.get<LoopResult>().forms, options);
  RunFolder folder;
  folder.path = run.folder;
  folder.checkpoint_steps = 50;
  const auto report = [&](const Progress& p) {
    char text[128];
    std::snprintf(text, sizeof text, "%s  step %lld/%lld  loss %.4f  dev %.2f %%", p.stage.c_str(),
                  static_cast<long long>(p.step), static_cast<long long>(p.total), p.loss, 100 * p.dev_accuracy);
    run.progress.report(text);
  };
  const DistillResult distilled =
      distill(student, context.teacher().model, context.train(), config.distill, folder, report, context.student_dev());
  if (!distilled.complete) throw base::Error("stopped; the same command goes on from here");
  StudentResult result;
  result.forms = forms_of_factors(student);
  const std::string file = run.folder + "/weights.safetensors";
  write_parameters(student, file, {{"format", "heat-student/1"}, {"layers", spec::to_json(result.forms).dump()}});
  result.file = context.relative(file);
  for (double e : errors) result.mean_projection_error += e / static_cast<double>(errors.size());
  describe(distilled, result);
  result.teacher_accuracy_dev = evaluate(context.teacher().model, context.student_dev()).accuracy;
  result.dev_examples = static_cast<std::int64_t>(context.student_dev().size());
  return result;
}

EvaluateResult stage_evaluate(const StageRun& run) {
  TorchModel student = load_student(run.context, run.results);
  return {score_network(student, run)};
}

ScheduleResult stage_schedule(const StageRun& run) {
  PipelineContext& context = run.context;
  const LoopFit fit = LoopFit::from_state(context, run.results.get<LoopResult>().calibration);
  LayerCosts costs(context, fit.calibration());
  TorchModel student = load_student(context, run.results);
  NetworkForms forms = forms_of_model(student);
  forms.target = costs.target();
  run.progress.report("mapping");
  PlannedNetwork planned = plan_network(context.graph(), context.label("mixed"), forms, costs.machine());
  run.progress.report("quantising");
  const auto& inputs = context.calibration_inputs();
  const NetworkFamily family(context.graph(), context.config().tokens, forms);
  const Ranges ranges = family.calibrate(inputs);
  const auto bytes = quantize_network(planned.network, ranges, inputs.front());
  const spec::Schedule schedule = planned.schedule();
  write_schedule(schedule, bytes, run.folder + "/schedule.json");
  run.progress.report("simulating with data");
  const std::string output = run.folder + "/output.bin";
  ScheduleResult result;
  static_cast<SimulatedSchedule&>(result) =
      simulate_schedule(context, schedule, run.folder, "student", {true, true, output});
  result.bit_exact = equal_output(planned.network, bytes, output);
  IntegerNetwork body(family, ranges);
  const Int8Accuracy int8 = int8_accuracy(student, body, context.int8_test(), [&](std::int64_t done) {
    run.progress.report("int8 accuracy, example " + std::to_string(done));
  });
  result.int8 = {int8.examples, int8.accuracy, int8.float_accuracy, int8.agreement};
  run.progress.report("mapping with a padding mask");
  const MachineAccuracy machine = on_machine(context, student, {forms, costs.machine(), ranges}, run);
  result.machine = {machine.examples, machine.padded, machine.accuracy, machine.float_accuracy, machine.bit_exact};
  const auto corrected = [&](const spec::Prediction& predicted) {
    const spec::Prediction p = fit.corrected(predicted);
    return figures_of(p.cycles, p.energy_pj, context.arch().clock_ghz);
  };
  result.corrected = corrected(planned.plan.prediction);
  spec::Schedule dense = spec::Schedule::load(context.absolute(run.results.get<DenseResult>().schedule));
  machines::predict(dense.workload, dense.plan, costs.machine());
  result.dense_corrected = corrected(dense.plan.prediction);
  return result;
}

}  // namespace heat::offline
