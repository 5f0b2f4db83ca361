// Every optional key falls back to the struct's own default, so that the struct's declaration documents it.
#include "offline/train/level_config.h"

#include <cmath>
#include <iostream>

#include "base/jobs/interrupt.h"
#include "offline/decompose/rank_rules.h"
#include "offline/train/run_control.h"

namespace heat::offline {
namespace {

// "4x6,6x6": each side as its two most equal factors.
std::string square_ttm_shape(std::int64_t rows, std::int64_t cols) {
  const auto split = [](std::int64_t n) {
    auto a = static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)));
    while (n % a != 0) --a;
    return std::to_string(a) + "x" + std::to_string(n / a);
  };
  return split(rows) + "," + split(cols);
}

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
  c.method = method_from_name(r.choice_or("method", method_name(c.method), {"cp", "tucker", "ttm", "svd"}));
  c.ratio = r.number_or("ratio", c.ratio, {0.01, 2});
  if (auto shapes = r.optional_section("shapes"))
    for (const std::string& size : shapes->keys()) c.shapes.emplace_back(size, shapes->text(size));
  return c;
}

std::vector<LayerPlan> plan_layers(TorchModel& model, const DecompositionChoice& choice) {
  std::vector<LayerPlan> plans;
  for (auto& [name, slot] : model.body_linears()) {
    const std::int64_t rows = (*slot)->out_features(), cols = (*slot)->in_features();
    const std::string size = matrix_size(**slot);
    std::string text = choice.method == Method::kTtm ? square_ttm_shape(rows, cols)
                                                     : std::to_string(rows) + "," + std::to_string(cols);
    for (const auto& [wanted, shape] : choice.shapes)
      if (wanted == size) text = shape;
    const TensorShape shape = parse_shape(text, choice.method, rows, cols);
    plans.push_back({name, choice.method, shape, fitting_ranks(choice.method, shape, choice.ratio).ranks});
  }
  return plans;
}

nlohmann::ordered_json plans_to_json(const std::vector<LayerPlan>& plans) {
  auto layers = nlohmann::ordered_json::array();
  for (const LayerPlan& p : plans)
    layers.push_back({{"layer", p.layer},
                      {"method", method_name(p.method)},
                      {"shape", shape_text(p.shape, p.method)},
                      {"ranks", p.ranks}});
  return {{"layers", layers}};
}

std::vector<LayerPlan> plans_from_json(const nlohmann::json& json, TorchModel& model, const std::string& name) {
  if (!json.is_object() || !json.contains("layers") || !json["layers"].is_array())
    throw base::ConfigError(name + ": expected a map with the list 'layers'");
  base::Problems problems;
  std::vector<LayerPlan> plans;
  auto slots = model.body_linears();
  for (std::size_t i = 0; i < json["layers"].size(); ++i) {
    const auto& entry = json["layers"][i];
    const std::string place = name + ": layers[" + std::to_string(i) + "]";
    try {
      LayerPlan plan{
          entry.at("layer").get<std::string>(), method_from_name(entry.at("method").get<std::string>()), {}, {}};
      const Linear* layer = nullptr;
      for (auto& [known, slot] : slots)
        if (known == plan.layer) layer = slot->get();
      if (!layer) throw base::ConfigError("layer '" + plan.layer + "' is not one of the encoder's linear layers");
      plan.shape =
          parse_shape(entry.at("shape").get<std::string>(), plan.method, layer->out_features(), layer->in_features());
      plan.ranks = feasible_ranks(entry.at("ranks").get<std::vector<std::int64_t>>(), plan.method, plan.shape);
      plans.push_back(std::move(plan));
    } catch (const nlohmann::json::exception&) {
      problems.add(place, "expected {\"layer\", \"method\", \"shape\": text, \"ranks\": list of numbers}");
    } catch (const base::ConfigError& e) {
      problems.add(place, e.what());
    }
  }
  problems.throw_if_any();
  return plans;
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
