// Every optional key falls back to the struct's own default, so that the struct's declaration documents it.
#include "offline/train/level_config.h"

#include <iostream>

#include "base/jobs/interrupt.h"
#include "offline/decompose/default_shape.h"
#include "offline/decompose/form_text.h"
#include "offline/decompose/rank_rules.h"
#include "offline/train/run_control.h"

namespace heat::offline {
namespace {

std::string matrix_size(const Linear& layer) {
  return std::to_string(layer.out_features()) + "x" + std::to_string(layer.in_features());
}

}  // namespace

LevelCommon read_common(base::ConfigReader& r) {
  LevelCommon c;
  c.teacher = r.text("teacher");
  c.task = r.choice_or("task", c.task, task_names());
  c.data = r.text_or("data", "");
  c.seed = static_cast<std::uint64_t>(r.integer_or("seed", 1, {0, std::numeric_limits<std::int64_t>::max()}));
  c.threads = static_cast<int>(r.integer_or("threads", c.threads, {1, 256}));
  c.max_length = r.integer_or("max_length", c.max_length, {4, 65536});
  c.train_limit = r.integer_or("train_limit", 0, {0, 1 << 30});
  c.dev_limit = r.integer_or("dev_limit", 0, {0, 1 << 30});
  return c;
}

SuperNetConfig read_supernet(base::ConfigReader r, std::uint64_t seed) {
  SuperNetConfig c;
  c.seed = seed;
  c.steps = r.integer_or("steps", c.steps, {1, 1 << 30});
  c.batch_tokens = r.integer_or("batch_tokens", c.batch_tokens, {16, 1 << 20});
  c.learning_rate = r.number_or("learning_rate", c.learning_rate, {0, 1});
  c.warmup = r.number_or("warmup", c.warmup, {0, 1});
  c.weight_decay = r.number_or("weight_decay", c.weight_decay, {0, 10});
  c.dropout = r.number_or("dropout", c.dropout, {0, 0.9});
  c.teacher_weight = r.number_or("teacher_weight", c.teacher_weight, {0, 1});
  c.train_embeddings = r.boolean_or("train_embeddings", c.train_embeddings);
  c.first_ranks = r.boolean_or("first_ranks", c.first_ranks);
  c.limited_change = static_cast<int>(r.integer_or("limited_change", c.limited_change, {0, 100}));
  c.sandwich = r.boolean_or("sandwich", c.sandwich);
  c.normalize_variance = r.boolean_or("normalize_variance", c.normalize_variance);
  return c;
}

DistillConfig read_distill(base::ConfigReader r, std::uint64_t seed) {
  DistillConfig c;
  c.seed = seed;
  c.stage_one_steps = r.integer_or("stage_one_steps", c.stage_one_steps, {0, 1 << 30});
  c.stage_two_steps = r.integer_or("stage_two_steps", c.stage_two_steps, {0, 1 << 30});
  c.batch_tokens = r.integer_or("batch_tokens", c.batch_tokens, {16, 1 << 20});
  c.stage_one_rate = r.number_or("stage_one_rate", c.stage_one_rate, {0, 1});
  c.stage_two_rate = r.number_or("stage_two_rate", c.stage_two_rate, {0, 1});
  c.warmup = r.number_or("warmup", c.warmup, {0, 1});
  c.weight_decay = r.number_or("weight_decay", c.weight_decay, {0, 10});
  c.dropout = r.number_or("dropout", c.dropout, {0, 0.9});
  c.temperature = r.number_or("temperature", c.temperature, {0.01, 100});
  c.attention = r.boolean_or("attention", c.attention);
  c.hidden = r.boolean_or("hidden", c.hidden);
  c.kl_weight = r.number_or("kl_weight", c.kl_weight, {0, 1000});
  c.ce_weight = r.number_or("ce_weight", c.ce_weight, {0, 1000});
  c.teacher_targets = r.boolean_or("teacher_targets", c.teacher_targets);
  c.train_embeddings = r.boolean_or("train_embeddings", c.train_embeddings);
  c.average_decay = r.number_or("average_decay", c.average_decay, {0, 0.99999});
  c.dev_steps = r.integer_or("dev_steps", c.dev_steps, {0, 1 << 30});
  return c;
}

DecompositionChoice read_decomposition(base::ConfigReader r) {
  DecompositionChoice c;
  c.method = r.choice_or("method", c.method, method_names());
  c.ratio = r.number_or("ratio", c.ratio, {0.01, 2});
  if (auto shapes = r.optional_section("shapes"))
    for (const std::string& size : shapes->keys()) c.shapes.emplace_back(size, shapes->text(size));
  return c;
}

std::vector<LayerForm> layer_forms(TorchModel& model, const DecompositionChoice& choice) {
  const Method& method = method_named(choice.method);
  std::vector<LayerForm> forms;
  for (auto& [name, slot] : model.body_linears()) {
    const std::int64_t rows = (*slot)->out_features(), cols = (*slot)->in_features();
    const std::string size = matrix_size(**slot);
    TensorShape shape = coarsest_shape(method, rows, cols);
    for (const auto& [wanted, text] : choice.shapes)
      if (wanted == size) shape = parse_shape(text, method, rows, cols);
    forms.push_back({name, fitting_form(method, shape, choice.ratio)});
  }
  return forms;
}

nlohmann::ordered_json forms_to_json(const std::vector<LayerForm>& forms) {
  return {{"layers", spec::to_json(forms)}};
}

std::vector<LayerForm> forms_from_json(const nlohmann::json& json, TorchModel& model, const std::string& name) {
  if (!json.is_object() || !json.contains("layers"))
    throw base::ConfigError(name + ": expected a map with the list 'layers'");
  std::vector<LayerForm> forms = spec::layer_forms_from_json(json["layers"], name + ": layers");
  check_forms(model, forms, name);
  return forms;
}

LevelData begin_level(const LevelCommon& common) {
  prepare_process(common.threads);
  base::catch_interrupts();
  std::cerr << "seed " << common.seed << ", threads " << common.threads << "\n";
  LevelData data{load_checkpoint(common.teacher), {}, {}, {}};
  const TextTask task = load_task(common.task, common.data);
  if (data.teacher.config.labels.size() != task.labels.size())
    throw base::ConfigError(common.teacher + ": has " + std::to_string(data.teacher.config.labels.size()) +
                            " labels, task " + task.name + " has " + std::to_string(task.labels.size()));
  const std::int64_t length = std::min(common.max_length, data.teacher.config.max_position_embeddings);
  data.train = encode_examples(task.train, data.teacher.tokenizer, length);
  data.dev = encode_examples(task.dev, data.teacher.tokenizer, length);
  data.test = encode_examples(task.test, data.teacher.tokenizer, length);
  limit_texts(data.train, common.train_limit);
  limit_texts(data.dev, common.dev_limit);
  return data;
}

}  // namespace heat::offline
