// heat-offline distill: trains a factorised student by the two stages of level 3.
#include <iostream>

#include "offline/cli/command.h"
#include "offline/train/level_config.h"
#include "spec/atomic_file.h"

namespace heat::offline::cli {
namespace {

std::vector<LayerPlan> student_plans(spec::ConfigReader& r, Bert& teacher, const std::string& plans_path,
                                     const std::optional<DecompositionChoice>& choice) {
  if (plans_path.empty() == !choice.has_value())
    throw spec::ConfigError(r.place() + ": give one of 'plans' (a file) and 'decomposition'");
  if (choice) return plan_layers(teacher, *choice);
  const auto json = nlohmann::json::parse(spec::read_file(plans_path), nullptr, false);
  if (json.is_discarded()) throw spec::ConfigError(plans_path + ": is no JSON");
  return plans_from_json(json, teacher, plans_path);
}

}  // namespace

int run_distill(int argc, char** argv) {
  namespace po = boost::program_options;
  std::string config_path, out, json_path;
  po::options_description options("Options");
  options.add_options()("config", po::value(&config_path)->required(), "distillation configuration (YAML)")(
      "out", po::value(&out)->required(), "folder for the student and its training state")(
      "json", po::value(&json_path)->default_value(""), "result file (default: standard output)");
  po::variables_map values;
  if (!parse_options(argc, argv, options, "distill --config F.yaml --out DIR [--json O]",
                     "  heat-offline distill --config configs/train/wordnet-distill.yaml --out out/student\n", values))
    return spec::kDone;
  spec::Problems problems;
  spec::ConfigReader r = spec::ConfigReader::load(config_path, problems);
  problems.throw_if_any();
  const LevelCommon common = read_common(r);
  const std::string plans_path = r.text_or("plans", "");
  std::optional<DecompositionChoice> choice;
  if (auto section = r.optional_section("decomposition")) choice = read_decomposition(*section);
  const DistillConfig config = read_distill(r.section("distill"), common.seed);
  r.finish();
  problems.throw_if_any();
  prepare_process(common.threads);
  catch_interrupts();
  std::cerr << "seed " << common.seed << ", threads " << common.threads << "\n";
  LevelData data = load_level_data(common);
  Bert& teacher = data.teacher.model;
  Bert student = clone(teacher);
  const std::vector<double> errors = factorize(student, student_plans(r, teacher, plans_path, choice));
  const DistillResult result = distill(student, teacher, data.train, config, {out}, progress_to_stderr(), data.dev);
  if (!result.complete) throw spec::Error("interrupted; the training state is saved, run the same command to go on");
  save_checkpoint(out, student, data.teacher.tokenizer.vocabulary(), DType::kF16);
  Checkpoint saved = load_checkpoint(out);
  nlohmann::ordered_json json = {{"seed", common.seed}};
  json["teacher_encoder_params"] = encoder_parameters(teacher);
  json["student_encoder_params"] = encoder_parameters(saved.model);
  json["relative_errors"] = errors;
  json["teacher_dev_accuracy"] = evaluate(teacher, data.dev).accuracy;
  for (const DevScore& s : result.scores) json[s.stage + "_dev_accuracy"] = s.accuracy;
  json["student_dev_accuracy"] = evaluate(saved.model, data.dev).accuracy;
  json["teacher_test_accuracy"] = evaluate(teacher, data.test).accuracy;
  json["student_test_accuracy"] = evaluate(saved.model, data.test).accuracy;
  write_json(json_path, json);
  return spec::kDone;
}

}  // namespace heat::offline::cli
