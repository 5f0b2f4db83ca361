// heat-offline finetune: trains a BERT classifier and writes a Hugging Face folder.
#include <iostream>

#include "offline/cli/command.h"
#include "offline/train/finetune.h"
#include "spec/errors.h"

namespace heat::offline::cli {

int run_finetune(int argc, char** argv) {
  namespace po = boost::program_options;
  po::options_description options("Options");
  options.add_options()("config", po::value<std::string>()->required(), "training configuration (YAML)")(
      "out", po::value<std::string>()->required(),
      "folder for config.json, vocab.txt, model.safetensors; also holds the training state")(
      "json", po::value<std::string>()->default_value(""), "result file (default: standard output)");
  po::variables_map values;
  if (!parse_options(argc, argv, options, "finetune --config F.yaml --out DIR [--json O]",
                     "  heat-offline finetune --config configs/train/wordnet-teacher.yaml --out out/teacher\n"
                     "  (run it again after an interruption: it goes on where it stopped)\n",
                     values))
    return spec::kDone;
  const FinetuneConfig config = FinetuneConfig::load(values["config"].as<std::string>());
  prepare_process(config.threads);
  catch_interrupts();
  std::cerr << "seed " << config.seed << ", threads " << config.threads << ", " << config.precision << "\n";
  const TextTask task = load_task(config.task, config.data);
  std::cerr << task.name << ": " << task.train.size() << " train, " << task.dev.size() << " dev, " << task.test.size()
            << " test, " << task.labels.size() << " labels\n";
  const FinetuneResult r = finetune(config, task, values["out"].as<std::string>(), progress_to_stderr());
  if (!r.complete) throw spec::Error("interrupted; the training state is saved, run the same command to go on");
  nlohmann::ordered_json json = {{"task", task.name},
                                 {"seed", config.seed},
                                 {"train_examples", task.train.size()},
                                 {"dev_examples", r.dev.examples},
                                 {"test_examples", r.test.examples},
                                 {"parameters", r.parameters},
                                 {"dev_accuracy", r.dev.accuracy},
                                 {"test_accuracy", r.test.accuracy},
                                 {"dev_accuracy_by_phase", r.dev_accuracy_by_phase},
                                 {"wall_s", r.wall_s}};
  write_json(values["json"].as<std::string>(), json);
  return spec::kDone;
}

}  // namespace heat::offline::cli
