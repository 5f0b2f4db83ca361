// heat-offline finetune: trains a BERT classifier and writes a Hugging Face folder.
#include <iostream>

#include "base/errors.h"
#include "base/jobs/interrupt.h"
#include "offline/cli/command.h"
#include "offline/train/finetune.h"

namespace heat::offline::cli {

int run_finetune(int argc, char** argv) {
  RunOptions o;
  if (!parse_run_options(argc, argv, "training configuration (YAML)",
                         "folder for config.json, vocab.txt, model.safetensors; also holds the training state",
                         "  heat-offline finetune --config configs/train/wordnet-teacher.yaml --out out/teacher\n"
                         "  (run it again after an interruption: it goes on where it stopped)\n",
                         o))
    return base::kDone;
  const FinetuneConfig config = FinetuneConfig::load(o.config);
  prepare_process(config.threads);
  base::catch_interrupts();
  std::cerr << "seed " << config.seed << ", threads " << config.threads << ", " << config.precision << "\n";
  const TextTask task = load_task(config.task, config.data);
  std::cerr << task.name << ": " << task.train.size() << " train, " << task.dev.size() << " dev, " << task.test.size()
            << " test, " << task.labels.size() << " labels\n";
  const FinetuneResult r = finetune(config, task, o.out, progress_to_stderr());
  if (!r.complete) throw base::Error("interrupted; the training state is saved, run the same command to go on");
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
  write_json(o.json, json);
  return base::kDone;
}

}  // namespace heat::offline::cli
