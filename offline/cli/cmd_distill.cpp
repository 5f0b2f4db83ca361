// heat-offline distill: trains a factorised student by the two stages of level 3.
#include <iostream>

#include "base/atomic_file.h"
#include "offline/cli/command.h"
#include "offline/train/level_config.h"

namespace heat::offline::cli {
namespace {

std::vector<LayerForm> student_forms(base::ConfigReader& r, TorchModel& teacher, const std::string& plans_path,
                                     const std::optional<DecompositionChoice>& choice) {
  if (plans_path.empty() == !choice.has_value())
    throw base::ConfigError(r.place() + ": give one of 'plans' (a file) and 'decomposition'");
  if (choice) return layer_forms(teacher, *choice);
  const auto json = nlohmann::json::parse(base::read_file(plans_path), nullptr, false);
  if (json.is_discarded()) throw base::ConfigError(plans_path + ": is no JSON");
  return forms_from_json(json, teacher, plans_path);
}

}  // namespace

int run_distill(int argc, char** argv) {
  RunOptions o;
  if (!parse_run_options(argc, argv, "distillation configuration (YAML)",
                         "folder for the student and its training state",
                         "  heat-offline distill --config configs/train/wordnet-distill.yaml --out out/student\n", o))
    return base::kDone;
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::load(o.config, problems);
  problems.throw_if_any();
  const LevelCommon common = read_common(r);
  const std::string plans_path = r.text_or("plans", "");
  std::optional<DecompositionChoice> choice;
  if (auto section = r.optional_section("decomposition")) choice = read_decomposition(*section);
  const DistillConfig config = read_distill(r.section("distill"), common.seed);
  r.finish();
  problems.throw_if_any();
  LevelData data = begin_level(common);
  TorchModel& teacher = data.teacher.model;
  TorchModel student = clone(teacher);
  const std::vector<double> errors = factorize(student, student_forms(r, teacher, plans_path, choice));
  const DistillResult result = distill(student, teacher, data.train, config, {o.out}, progress_to_stderr(), data.dev);
  if (!result.complete) throw base::Error("interrupted; the training state is saved, run the same command to go on");
  save_checkpoint(o.out, data.teacher.config, student, data.teacher.tokenizer.vocabulary(), DType::kF16);
  Checkpoint saved = load_checkpoint(o.out);
  nlohmann::ordered_json json = {{"seed", common.seed}};
  json["teacher_encoder_params"] = encoder_parameters(teacher);
  json["student_encoder_params"] = encoder_parameters(saved.model);
  json["relative_errors"] = errors;
  json["teacher_dev_accuracy"] = evaluate(teacher, data.dev).accuracy;
  for (const DevScore& s : result.scores) json[s.stage + "_dev_accuracy"] = s.accuracy;
  json["student_dev_accuracy"] = evaluate(saved.model, data.dev).accuracy;
  json["teacher_test_accuracy"] = evaluate(teacher, data.test).accuracy;
  json["student_test_accuracy"] = evaluate(saved.model, data.test).accuracy;
  write_json(o.json, json);
  return base::kDone;
}

}  // namespace heat::offline::cli
