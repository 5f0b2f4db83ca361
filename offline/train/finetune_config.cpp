// Every key has its range; unknown keys and all problems are reported together.
#include "offline/train/finetune_config.h"

#include <sstream>

#include "base/random.h"

namespace heat::offline {
namespace {

PhaseConfig read_phase(base::ConfigReader r) {
  PhaseConfig p;
  p.name = r.text("name");
  p.epochs = r.integer_or("epochs", p.epochs, {1, 10000});
  p.batch_tokens = r.integer_or("batch_tokens", p.batch_tokens, {16, 1 << 20});
  p.learning_rate = r.number_or("learning_rate", p.learning_rate, {0, 1});
  p.warmup = r.number_or("warmup", p.warmup, {0, 1});
  p.label_weight = r.number_or("label_weight", p.label_weight, {0, 1000});
  p.mask_probability = r.number_or("mask_probability", p.mask_probability, {0, 0.9});
  p.mask_weight = r.number_or("mask_weight", p.mask_weight, {0, 1000});
  p.auxiliary_weight = r.number_or("auxiliary_weight", p.auxiliary_weight, {0, 1000});
  p.extra_share = r.number_or("extra_share", p.extra_share, {0, 1});
  p.label_smoothing = r.number_or("label_smoothing", p.label_smoothing, {0, 0.9});
  p.dropout = r.number_or("dropout", p.dropout, {0, 0.9});
  p.weight_decay = r.number_or("weight_decay", p.weight_decay, {0, 10});
  p.average_decay = r.number_or("average_decay", p.average_decay, {0, 0.99999});
  if (p.mask_weight > 0 && p.mask_probability == 0)
    r.problems().add(r.place("mask_weight"), "needs mask_probability above 0");
  return p;
}

ModelConfig read_model(base::ConfigReader r) {
  ModelConfig m;
  m.model_type = r.choice_or("type", m.model_type, model_type_names());
  m.vocab_size = r.integer_or("vocab_size", m.vocab_size, {32, 1 << 20});
  m.hidden_size = r.integer_or("hidden_size", m.hidden_size, {1, 65536});
  m.num_hidden_layers = r.integer_or("layers", m.num_hidden_layers, {1, 1000});
  m.num_attention_heads = r.integer_or("heads", m.num_attention_heads, {1, 1024});
  m.intermediate_size = r.integer_or("intermediate_size", m.intermediate_size, {1, 1 << 20});
  m.max_position_embeddings = r.integer_or("max_positions", m.max_position_embeddings, {2, 65536});
  m.attention_probs_dropout_prob = r.number_or("attention_dropout", 0.0, {0, 0.9});
  if (m.hidden_size % m.num_attention_heads != 0)
    r.problems().add(r.place("heads"), "is " + std::to_string(m.num_attention_heads) +
                                           ", which does not divide hidden_size " + std::to_string(m.hidden_size));
  return m;
}

FinetuneConfig read(base::ConfigReader r, base::Problems& problems) {
  FinetuneConfig c;
  c.task = r.choice_or("task", c.task, task_names());
  c.data = r.text_or("data", "");
  c.init_from = r.text_or("init_from", "");
  c.seed = static_cast<std::uint64_t>(r.integer_or("seed", 1, {0, std::numeric_limits<std::int64_t>::max()}));
  c.threads = static_cast<int>(r.integer_or("threads", c.threads, {1, 256}));
  c.precision = r.choice_or("precision", c.precision, {"float32", "bfloat16"});
  c.max_length = r.integer_or("max_length", c.max_length, {4, 65536});
  c.checkpoint_steps = r.integer_or("checkpoint_steps", c.checkpoint_steps, {1, 1 << 30});
  c.train_limit = r.integer_or("train_limit", c.train_limit, {0, 1 << 30});
  c.save_dtype = r.choice_or("save_dtype", c.save_dtype, {"F16", "F32"});
  if (auto model = r.optional_section("model")) {
    if (!c.init_from.empty()) problems.add(r.place("model"), "the model comes from init_from; give one of the two");
    c.model = read_model(*model);
    if (c.max_length > c.model.max_position_embeddings)
      problems.add(r.place("max_length"), "is " + std::to_string(c.max_length) + ", above model.max_positions " +
                                              std::to_string(c.model.max_position_embeddings));
  }
  for (base::ConfigReader& phase : r.sections("phases")) c.phases.push_back(read_phase(phase));
  r.finish();
  problems.throw_if_any();
  return c;
}

}  // namespace

std::string PhaseConfig::digest() const {
  std::ostringstream s;
  s.precision(17);
  s << name << ' ' << epochs << ' ' << batch_tokens << ' ' << learning_rate << ' ' << warmup << ' ' << label_weight
    << ' ' << mask_probability << ' ' << mask_weight << ' ' << auxiliary_weight << ' ' << extra_share << ' '
    << label_smoothing << ' ' << dropout << ' ' << weight_decay << ' ' << average_decay;
  return s.str();
}

std::string FinetuneConfig::digest(std::size_t phase) const {
  std::ostringstream s;
  s << task << ' ' << init_from << ' ' << seed << ' ' << precision << ' ' << max_length << ' ' << train_limit << ' '
    << model.to_json().dump();
  for (std::size_t i = 0; i <= phase && i < phases.size(); ++i) s << "\n" << phases[i].digest();
  std::uint64_t hash = 0;
  for (char c : s.str()) hash = base::mix64(hash ^ static_cast<unsigned char>(c));
  std::ostringstream hex;
  hex << std::hex << hash;
  return hex.str();
}

FinetuneConfig FinetuneConfig::load(const std::string& path) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::load(path, problems);
  problems.throw_if_any();
  return read(r, problems);
}

FinetuneConfig FinetuneConfig::parse(const std::string& text, const std::string& name) {
  base::Problems problems;
  base::ConfigReader r = base::ConfigReader::parse(text, name, problems);
  problems.throw_if_any();
  return read(r, problems);
}

}  // namespace heat::offline
