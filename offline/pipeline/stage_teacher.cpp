// Stages 1 and 2: what the task is worth without a Transformer, and what the teacher reaches.
#include "offline/pipeline/pipeline.h"
#include "offline/tasks/tfidf_regression.h"
#include "offline/train/evaluate.h"

namespace heat::offline {

// On the whole training split, whatever the networks are limited to; one setting, which tuning on all of dev chose.
nlohmann::json stage_baseline(PipelineContext& context, StageProgress& progress) {
  TextTask task = load_task(context.config().task, context.config().data);
  task.dev = context.task().dev;
  task.test = context.task().test;
  progress.report("tf-idf regression");
  const RegressionResult r = fit_tfidf_regression(task, {1, true}, 16);
  return {{"accuracy", r.test_accuracy},
          {"dev_accuracy", r.dev_accuracy},
          {"features", r.feature_count},
          {"train_examples", task.train.size()},
          {"test_examples", task.test.size()}};
}

nlohmann::json stage_teacher(PipelineContext& context, StageProgress& progress) {
  Checkpoint& teacher = context.teacher();
  const Evaluation test = evaluate(teacher.model, context.test(), 4096, [&](const Progress& p) {
    progress.report(std::to_string(p.step) + "/" + std::to_string(p.total));
  });
  std::int64_t params = 0;
  for (const auto& [name, tensor] : teacher.model.named_parameters()) params += tensor.numel();
  return {{"accuracy", test.accuracy},
          {"examples", test.examples},
          {"params", params},
          {"encoder_params", encoder_parameters(teacher.model)}};
}

}  // namespace heat::offline
