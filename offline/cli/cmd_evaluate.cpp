// heat-offline evaluate: accuracy of a checkpoint on a task, on the simulated machine and beside the bag-of-words
// baseline when asked.
#include <iostream>

#include "base/atomic_file.h"
#include "base/errors.h"
#include "offline/cli/command.h"
#include "offline/model/checkpoint.h"
#include "offline/network/model_types.h"
#include "offline/pipeline/calibration_inputs.h"
#include "offline/pipeline/machine_accuracy.h"
#include "offline/pipeline/model_forms.h"
#include "offline/schedule/choose_path.h"
#include "offline/schedule/integer_network.h"
#include "offline/tasks/squad.h"
#include "offline/tasks/tfidf_regression.h"
#include "offline/train/evaluate.h"

namespace heat::offline::cli {
namespace {

struct Options {
  std::string task, data, checkpoint, predictions, split, arch, out, jobs, json;
  int threads = 2;
  std::int64_t max_length = 64, examples = 0;
  bool baseline = false;
};

// Every task by name; squad is scored from predictions.
std::string task_words(const std::string& separator) {
  std::string words;
  for (const std::string& name : task_names()) words += name + separator;
  return words + "squad";
}

const std::vector<TextExample>& split_of(const TextTask& task, const std::string& split) {
  if (split == "train") return task.train;
  if (split == "dev") return task.dev;
  if (split == "test") return task.test;
  throw base::ConfigError("--split '" + split + "': expected train, dev or test");
}

// The checkpoint's body for sentences of up to `tokens` pieces, quantised over texts of the training split.
MaskedBody body_of(Checkpoint& c, const TextTask& task, const spec::ArchSpec& arch, std::int64_t tokens) {
  const spec::EnergyTable energy = spec::EnergyTable::load(arch.energy_config);
  const std::unique_ptr<machines::Machine> machine = machine_of(arch, energy, "");
  LayerCoster coster(arch, energy, machine->calibration);
  HardwarePaths paths(coster, 1);
  NetworkForms forms = forms_of_model(c.model);
  forms.target.grain = machine->pe_array().grain;
  forms.target.choose = [&paths](const TensorNetwork& network) { return paths.best(network).plan; };
  const Graph graph = build_network(c.config);
  const auto inputs = calibration_inputs(c, task.train, tokens);
  const Ranges ranges = NetworkFamily(graph, tokens, forms).calibrate(inputs);
  MaskedBody body{
      plan_network(graph, {task.name + "-" + c.config.model_type, "as stored", tokens, true}, forms, *machine), {}};
  body.bytes = quantize_network(body.planned.network, ranges, inputs.front());
  return body;
}

nlohmann::ordered_json on_machine(const Options& o, const TextTask& task, Checkpoint& c,
                                  const std::vector<EncodedText>& texts, std::int64_t tokens) {
  const spec::ArchSpec arch = spec::ArchSpec::load(o.arch);
  const SimulationFarm farm{base::parse_jobs(o.jobs, base::JobsBackend::kProcesses, "--jobs"), o.out, {}};
  const MaskedBody body = body_of(c, task, arch, tokens);
  const MachineAccuracy m = machine_accuracy(c.model, body, texts, o.arch, farm, [&](std::int64_t done) {
    std::cerr << "on the machine with data, sentence " << done << " of " << texts.size() << "\n";
  });
  return {{"arch", arch.name},        {"tokens", tokens},         {"examples", m.examples},
          {"padded", m.padded},       {"accuracy", m.accuracy},   {"float_accuracy", m.float_accuracy},
          {"agreement", m.agreement}, {"bit_exact", m.bit_exact}, {"cycles", m.cycles}};
}

void add_checkpoint(const Options& o, const TextTask& task, nlohmann::ordered_json& json) {
  Checkpoint c = load_checkpoint(o.checkpoint);
  for (const std::string& note : c.notes) std::cerr << "note: " << note << "\n";
  if (c.config.labels.size() != task.labels.size())
    throw base::ConfigError(o.checkpoint + ": has " + std::to_string(c.config.labels.size()) + " labels, task " +
                            task.name + " has " + std::to_string(task.labels.size()));
  std::vector<TextExample> examples = split_of(task, o.split);
  if (examples.empty()) throw base::ConfigError("task " + task.name + " has no labelled split '" + o.split + "'");
  limit_texts(examples, o.examples);
  const std::int64_t length = std::min(o.max_length, c.config.max_position_embeddings);
  const std::vector<EncodedText> texts = encode_examples(examples, c.tokenizer, length);
  const Evaluation e = evaluate(c.model, texts, 4096, progress_to_stderr());
  json["accuracy"] = e.accuracy;
  json["loss"] = e.loss;
  json["examples"] = e.examples;
  if (!o.arch.empty()) json["machine"] = on_machine(o, task, c, texts, length);
}

nlohmann::json read_json(const std::string& path) {
  auto json = nlohmann::json::parse(base::read_file(path), nullptr, false);
  if (json.is_discarded()) throw base::ConfigError(path + ": is no JSON");
  return json;
}

int evaluate_squad(const Options& o) {
  if (o.data.empty() || o.predictions.empty())
    throw base::ConfigError(
        "evaluate --task squad: needs --data (SQuAD v1.1 JSON) and --predictions (question id -> text)");
  const SquadScore s = score_squad(read_json(o.data), read_json(o.predictions));
  write_json(o.json, {{"task", "squad"},
                      {"exact_match", s.exact_match},
                      {"f1", s.f1},
                      {"questions", s.questions},
                      {"unanswered", s.unanswered}});
  return base::kDone;
}

}  // namespace

int run_evaluate(int argc, char** argv) {
  namespace po = boost::program_options;
  Options o;
  po::options_description options("Options");
  options.add_options()("task", po::value(&o.task)->required(), task_words(" | ").c_str())(
      "data", po::value(&o.data)->default_value(""), "the task's folder (wordnet: /usr/share/wordnet) or SQuAD JSON")(
      "predictions", po::value(&o.predictions)->default_value(""), "squad: JSON map from question id to text")(
      "checkpoint", po::value(&o.checkpoint)->default_value(""), "Hugging Face folder")(
      "split", po::value(&o.split)->default_value("dev"), "train | dev | test")(
      "baseline", po::bool_switch(&o.baseline), "also tune and score the TF-IDF logistic regression (minutes)")(
      "max-length", po::value(&o.max_length)->default_value(64), "pieces a text is cut to")(
      "examples", po::value(&o.examples)->default_value(0), "of the split, every n-th (0: all)")(
      "arch", po::value(&o.arch)->default_value(""),
      "also on this machine, simulated with data: in int8, texts padded to --max-length under a mask")(
      "out", po::value(&o.out)->default_value(""),
      "with --arch: folder for the schedule and what its runs take and leave")(
      "jobs", po::value(&o.jobs)->default_value("processes"),
      "with --arch: processes[:N] or threads[:N], so many runs at a time")(
      "threads", po::value(&o.threads)->default_value(2), "threads")("json", po::value(&o.json)->default_value(""),
                                                                     "result file (default: standard output)");
  po::variables_map values;
  if (!parse_options(
          argc, argv, options,
          "evaluate --task NAME --checkpoint DIR [--split dev] [--arch A.yaml --out DIR] [--json O]",
          "  heat-offline evaluate --task wordnet --checkpoint examples/wordnet-bert --split test --baseline\n"
          "  heat-offline evaluate --task wordnet --checkpoint examples/wordnet-bert --split test --examples 200 "
          "--max-length 32 --arch configs/arch/simba-l.yaml --out out/on_machine\n"
          "  heat-offline evaluate --task squad --data dev-v1.1.json --predictions predictions.json\n",
          values))
    return base::kDone;
  if (o.task == "squad") return evaluate_squad(o);
  if (o.checkpoint.empty() && !o.baseline) throw base::ConfigError("evaluate: give --checkpoint, --baseline or both");
  if (o.max_length < 2) throw base::ConfigError("--max-length " + std::to_string(o.max_length) + ": at least 2");
  if (o.examples < 0) throw base::ConfigError("--examples " + std::to_string(o.examples) + ": at least 0");
  if (o.arch.empty() != o.out.empty()) throw base::ConfigError("evaluate: --arch and --out go together");
  if (!o.arch.empty() && o.checkpoint.empty()) throw base::ConfigError("evaluate: --arch needs --checkpoint");
  if (o.threads < 1) throw base::ConfigError("--threads " + std::to_string(o.threads) + ": at least 1");
  prepare_process(o.threads);
  const TextTask task = load_task(o.task, o.data);
  nlohmann::ordered_json json = {{"task", task.name}, {"split", o.split}};
  if (!o.checkpoint.empty()) add_checkpoint(o, task, json);
  if (o.baseline) {
    const RegressionResult r = tune_tfidf_regression(task, [](const std::string& line) { std::cerr << line << "\n"; });
    json["baseline"] = {{"method", "tf-idf logistic regression"},
                        {"features", r.feature_count},
                        {"min_count", r.features.min_count},
                        {"sublinear", r.features.sublinear},
                        {"c", r.inverse_penalty},
                        {"settings_tried", r.settings_tried},
                        {"dev_accuracy", r.dev_accuracy},
                        {"test_accuracy", r.test_accuracy}};
  }
  write_json(o.json, json);
  return base::kDone;
}

}  // namespace heat::offline::cli
