// Limited splits keep every n-th example: their order is the task's and does not depend on the seed.
#include "offline/pipeline/context.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "offline/pipeline/calibration_inputs.h"
#include "offline/pipeline/model_forms.h"
#include "offline/train/evaluate.h"

namespace heat::offline {
PipelineContext::PipelineContext(const PipelineConfig& config, std::string out, FarmOut farm_out)
    : config_(config),
      out_(std::move(out)),
      farm_out_(std::move(farm_out)),
      arch_(spec::ArchSpec::load(config.arch)),
      energy_(spec::EnergyTable::load(arch_.energy_config)) {}

void PipelineContext::farm_out() const {
  if (farm_out_ && config_.jobs.backend != base::JobsBackend::kThreads) farm_out_(config_.jobs, out_ + "/array");
}

std::string PipelineContext::relative(const std::string& file) const {
  return std::filesystem::relative(file, out_).string();
}

const TextTask& PipelineContext::task() {
  if (!task_) {
    task_ = std::make_unique<TextTask>(load_task(config_.task, config_.data));
    student_dev_examples_ = task_->dev;
    limit_texts(student_dev_examples_, config_.distill_dev_limit);
    limit_texts(task_->train, config_.train_limit);
    limit_texts(task_->dev, config_.dev_limit);
    limit_texts(task_->test, config_.test_limit);
  }
  return *task_;
}

Checkpoint& PipelineContext::teacher() {
  if (!teacher_) {
    teacher_ = std::make_unique<Checkpoint>(load_checkpoint(config_.teacher));
    const ModelConfig& c = teacher_->config;
    if (config_.tokens > c.max_position_embeddings)
      throw base::ConfigError(config_.file + ": task.tokens " + std::to_string(config_.tokens) +
                              ": the teacher takes at most " + std::to_string(c.max_position_embeddings));
    if (c.labels.size() != task().labels.size())
      throw base::ConfigError(config_.teacher + ": has " + std::to_string(c.labels.size()) + " labels, task " +
                              task().name + " has " + std::to_string(task().labels.size()));
  }
  return *teacher_;
}

const std::vector<EncodedText>& PipelineContext::encode(std::vector<EncodedText>& into,
                                                        const std::vector<TextExample>& examples) {
  if (into.empty()) into = encode_examples(examples, teacher().tokenizer, config_.tokens);
  return into;
}
const std::vector<EncodedText>& PipelineContext::train() {
  return encode(train_, task().train);
}
const std::vector<EncodedText>& PipelineContext::dev() {
  return encode(dev_, task().dev);
}
const std::vector<EncodedText>& PipelineContext::test() {
  return encode(test_, task().test);
}

const std::vector<EncodedText>& PipelineContext::student_dev() {
  task();
  return encode(student_dev_, student_dev_examples_);
}

std::vector<EncodedText> PipelineContext::int8_test() {
  std::vector<EncodedText> some = test();
  limit_texts(some, config_.int8_limit);
  return some;
}

std::vector<EncodedText> PipelineContext::machine_test() {
  std::vector<EncodedText> some = test();
  limit_texts(some, config_.machine_limit);
  return some;
}

NetworkLabel PipelineContext::label(const std::string& method) {
  return {config_.task + "-" + teacher().config.model_type, method, config_.tokens};
}

const std::vector<std::vector<float>>& PipelineContext::calibration_inputs() {
  if (inputs_.empty()) inputs_ = offline::calibration_inputs(teacher(), task().dev, config_.tokens);
  return inputs_;
}

NetworkForms forms_without_values(const std::vector<LayerForm>& layers) {
  std::map<std::string, Form> by_name;
  for (const LayerForm& l : layers) by_name[l.layer] = l.form;
  NetworkForms forms;
  forms.linear = [by_name](const LinearLayer& layer) {
    LinearForm form{layer.name, layer.in, layer.out, {}, {}, {}};
    if (const auto f = by_name.find(layer.parameters); f != by_name.end()) form.factors = without_values(f->second);
    return form;
  };
  forms.norm = [](const NormLayer&) { return NormForm{}; };
  return forms;
}

}  // namespace heat::offline
