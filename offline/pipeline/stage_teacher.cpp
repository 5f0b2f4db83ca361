// Stages 1 and 2: what the task is worth without a Transformer, and what the teacher reaches.
#include "offline/pipeline/pipeline.h"
#include "offline/tasks/tfidf_regression.h"
#include "offline/train/evaluate.h"

namespace heat::offline {

NetworkScore score_network(TorchModel& model, const StageRun& run) {
  const Evaluation test = evaluate(model, run.context.test(), 4096, [&](const Progress& p) {
    run.progress.report(std::to_string(p.step) + "/" + std::to_string(p.total));
  });
  std::int64_t params = 0;
  for (const auto& [name, tensor] : model.named_parameters()) params += tensor.numel();
  return {test.accuracy, test.examples, params, encoder_parameters(model)};
}

// On the whole training split, whatever the networks are limited to; one setting, which tuning on all of dev chose.
BaselineResult stage_baseline(const StageRun& run) {
  PipelineContext& context = run.context;
  TextTask task = load_task(context.config().task, context.config().data);
  task.dev = context.task().dev;
  task.test = context.task().test;
  run.progress.report("tf-idf regression");
  const RegressionResult r = fit_tfidf_regression(task, {1, true}, 16);
  return {r.test_accuracy, r.dev_accuracy, r.feature_count, static_cast<std::int64_t>(task.train.size()),
          static_cast<std::int64_t>(task.test.size())};
}

TeacherResult stage_teacher(const StageRun& run) {
  return {score_network(run.context.teacher().model, run)};
}

}  // namespace heat::offline
