// One loop for every phase. A step's batch, hidden pieces and dropout masks are functions of (seed, phase, step), so
// that the tensors of training_state.h are all a resumed run needs.
#include "offline/train/finetune.h"

#include <ATen/autocast_mode.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "base/errors.h"
#include "base/jobs/interrupt.h"
#include "offline/train/pretraining_heads.h"
#include "offline/train/training_state.h"

namespace heat::offline {
namespace {

// Matrix products in bfloat16 while alive.
class Autocast {
 public:
  explicit Autocast(bool on) : on_(on) {
    if (on_) at::autocast::set_cpu_enabled(true);
  }
  ~Autocast() {
    if (!on_) return;
    at::autocast::set_cpu_enabled(false);
    at::autocast::clear_cache();
  }
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
};

Vocabulary task_vocabulary(const TextTask& task, std::int64_t size) {
  std::unordered_map<std::string, std::int64_t> counts;
  for (const TextExample& e : task.train)
    for (const std::string& word : basic_tokenize(e.text)) ++counts[word];
  for (const std::string& text : task.extra_texts)
    for (const std::string& word : basic_tokenize(text)) ++counts[word];
  return train_vocabulary(counts, size);
}

Checkpoint start_model(const FinetuneConfig& config, const TextTask& task) {
  if (!config.init_from.empty()) {
    Checkpoint c = load_checkpoint(config.init_from, true, config.seed);
    if (c.config.labels != task.labels) {
      c.config.labels = task.labels;
      c.model.replace_classifier(build_network(c.config), base::counter_hash(config.seed, 3));
    }
    return c;
  }
  ModelConfig model = config.model;
  Vocabulary vocabulary = task_vocabulary(task, model.vocab_size);
  model.vocab_size = vocabulary.size();
  model.labels = task.labels;
  TorchModel fresh(build_network(model), base::counter_hash(config.seed, 4));
  return {std::move(model), std::move(fresh), WordPieceTokenizer(std::move(vocabulary)), {}};
}

class Trainer {
 public:
  Trainer(const FinetuneConfig& config, const TextTask& task, const std::string& out)
      : config_(config),
        checkpoint_(start_model(config, task)),
        heads_(checkpoint_.config, task.auxiliary_classes, base::counter_hash(config.seed, 5)),
        out_(out),
        state_path_((std::filesystem::path(out) / "training.safetensors").string()),
        optimizer_(all_parameters(), {}) {
    texts_ = encode_examples(task.train, checkpoint_.tokenizer, config.max_length);
    for (std::size_t i = 0; i < texts_.size() && !task.auxiliary.empty(); ++i) texts_[i].auxiliary = task.auxiliary[i];
    limit_texts(texts_, config.train_limit);
    labelled_ = texts_.size();
    for (const std::string& text : task.extra_texts)
      texts_.push_back({checkpoint_.tokenizer.encode(text, config.max_length), -1, {}});
    dev_ = encode_examples(task.dev, checkpoint_.tokenizer, config.max_length);
    test_ = encode_examples(task.test, checkpoint_.tokenizer, config.max_length);
    for (auto& [name, p] : optimizer_.parameters()) at::Tensor(p).requires_grad_(true);
  }

  FinetuneResult run(const ProgressCallback& progress, std::int64_t stop_after) {
    const double start = now_s();
    FinetuneResult result;
    TrainingPosition at = resume();
    for (std::size_t phase = at.phase; phase < config_.phases.size(); ++phase) {
      const std::int64_t first = static_cast<std::int64_t>(phase) == at.phase ? at.step : 0;
      if (!run_phase(phase, first, progress, stop_after)) return result;
      result.dev_accuracy_by_phase.push_back(report_dev(config_.phases[phase].name));
      optimizer_.swap_average();
    }
    save_training_state(
        state_path_, optimizer_,
        {static_cast<std::int64_t>(config_.phases.size()), 0, config_.digest(config_.phases.size() - 1)});
    save_checkpoint(out_, checkpoint_.config, checkpoint_.model, checkpoint_.tokenizer.vocabulary(),
                    config_.save_dtype == "F16" ? DType::kF16 : DType::kF32);
    finish(result);
    result.wall_s = now_s() - start;
    return result;
  }

 private:
  NamedTensors all_parameters() const {
    NamedTensors all = checkpoint_.model.named_parameters();
    const NamedTensors more = heads_.named_parameters();
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  // Accuracy of the averaged weights (of the trained ones without an average).
  double report_dev(const std::string& when) {
    optimizer_.swap_average();
    const double accuracy = evaluate(checkpoint_.model, dev_).accuracy;
    optimizer_.swap_average();
    std::fprintf(stderr, "%s: dev accuracy %.2f %%\n", when.c_str(), 100 * accuracy);
    return accuracy;
  }

  TrainingPosition resume() {
    if (!std::filesystem::exists(state_path_)) return {};
    const TrainingPosition at = load_training_state(state_path_, optimizer_);
    const std::size_t digest_phase = at.step > 0 ? at.phase : at.phase - 1;
    if (digest_phase >= config_.phases.size() || config_.digest(digest_phase) != at.digest)
      throw base::ConfigError(state_path_ +
                              ": was written under another configuration; give another --out or remove it");
    std::fprintf(stderr, "going on from %s: phase %lld, step %lld\n", state_path_.c_str(),
                 static_cast<long long>(at.phase), static_cast<long long>(at.step));
    return at;
  }

  // False when the run was interrupted or is to stop.
  bool run_phase(std::size_t index, std::int64_t first, const ProgressCallback& progress, std::int64_t& stop_after) {
    const PhaseConfig& phase = config_.phases[index];
    const std::uint64_t seed = base::counter_hash(config_.seed, 6, index);
    AdamWOptions options;
    options.weight_decay = phase.weight_decay;
    options.average_decay = phase.average_decay;
    optimizer_.set_options(options);
    if (first == 0) optimizer_.reset_average();
    std::vector<std::int64_t> epoch_start = {0};
    for (std::int64_t e = 0; e < phase.epochs; ++e)
      epoch_start.push_back(epoch_start.back() + static_cast<std::int64_t>(epoch_plan(phase, seed, e).size()));
    const std::int64_t total = epoch_start.back();
    ProgressMeter meter(phase.name, first, total, progress);
    std::int64_t epoch = -1;
    BatchPlan plan;
    for (std::int64_t step = first; step < total; ++step) {
      if (epoch < 0 || step >= epoch_start[epoch + 1]) {
        if (epoch >= 0) report_dev(phase.name + ", epoch " + std::to_string(epoch + 1));
        while (step >= epoch_start[epoch + 1]) ++epoch;
        plan = epoch_plan(phase, seed, epoch);
      }
      const double loss = train_step(phase, plan[step - epoch_start[epoch]], base::counter_hash(seed, 7, step),
                                     rate(phase, step, total));
      if (!std::isfinite(loss))
        throw base::Error(phase.name + ": the loss is not finite at step " + std::to_string(step) +
                          "; lower learning_rate");
      meter.step(step + 1, loss);
      if (--stop_after == 0) return false;
      const bool stop = base::interrupted();
      if (stop || (step + 1) % config_.checkpoint_steps == 0)
        save_training_state(state_path_, optimizer_,
                            {static_cast<std::int64_t>(index), step + 1, config_.digest(index)});
      if (stop) return false;
    }
    return true;
  }

  // The labelled texts and this epoch's share of the others.
  BatchPlan epoch_plan(const PhaseConfig& phase, std::uint64_t seed, std::int64_t epoch) const {
    std::vector<std::uint32_t> members, lengths;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      if (i >= labelled_ && base::CounterRng(base::counter_hash(seed, 9, epoch, i)).uniform() >= phase.extra_share)
        continue;
      members.push_back(static_cast<std::uint32_t>(i));
      lengths.push_back(static_cast<std::uint32_t>(texts_[i].ids.size()));
    }
    BatchPlan plan = plan_epoch(lengths, phase.batch_tokens, seed, epoch);
    for (auto& batch : plan)
      for (std::uint32_t& i : batch) i = members[i];
    return plan;
  }

  static double rate(const PhaseConfig& phase, std::int64_t step, std::int64_t total) {
    const double at = (static_cast<double>(step) + 0.5) / static_cast<double>(total);
    return phase.learning_rate * (at < phase.warmup ? at / phase.warmup : (1 - at) / (1 - phase.warmup));
  }

  double train_step(const PhaseConfig& phase, const std::vector<std::uint32_t>& rows, std::uint64_t seed, double rate) {
    BatchTensors batch = make_batch(texts_, rows);
    MaskedPieces masked;
    TorchModel& model = checkpoint_.model;
    if (phase.mask_probability > 0)
      masked = hide_pieces(batch.ids, batch.lengths, phase.mask_probability, checkpoint_.config.vocab_size,
                           checkpoint_.tokenizer.vocabulary().mask(), base::CounterRng(base::counter_hash(seed, 8)));
    at::Tensor loss = at::zeros({}, at::kFloat);
    {
      Autocast autocast(config_.precision == "bfloat16");
      ForwardOptions options;
      options.train = true;
      options.dropout_seed = seed;
      options.dropout = phase.dropout;
      const NetworkOutputs outputs = model.forward(batch.ids, batch.lengths, options);
      if (phase.label_weight > 0 && batch.labels.max().item<std::int64_t>() >= 0)
        loss = loss + phase.label_weight * at::cross_entropy_loss(outputs.logits.to(at::kFloat), batch.labels, {},
                                                                  at::Reduction::Mean, -1, phase.label_smoothing);
      if (phase.mask_weight > 0 && masked.positions.numel() > 0)
        loss = loss + phase.mask_weight *
                          heads_.masked_loss(outputs.sequence, model.token_table(), masked.positions, masked.targets);
      if (phase.auxiliary_weight > 0)
        if (const at::Tensor auxiliary = heads_.auxiliary_loss(outputs.pooled, texts_, rows); auxiliary.defined())
          loss = loss + phase.auxiliary_weight * auxiliary;
    }
    optimizer_.zero_gradients();
    if (loss.requires_grad()) {
      loss.backward();
      optimizer_.step(rate);
    }
    return loss.item<double>();
  }

  void finish(FinetuneResult& result) {
    // The numbers are those of the file, after its rounding to F16.
    Checkpoint saved = load_checkpoint(out_);
    result.dev = evaluate(saved.model, dev_);
    result.test = evaluate(saved.model, test_);
    for (const auto& [name, p] : saved.model.named_parameters()) result.parameters += p.numel();
    result.complete = true;
  }

  const FinetuneConfig& config_;
  Checkpoint checkpoint_;
  PretrainingHeads heads_;
  std::string out_, state_path_;
  AdamW optimizer_;
  std::vector<EncodedText> texts_, dev_, test_;
  std::size_t labelled_ = 0;
};

}  // namespace

FinetuneResult finetune(const FinetuneConfig& config, const TextTask& task, const std::string& out,
                        const ProgressCallback& progress, std::int64_t stop_after_steps) {
  if (config.phases.empty()) throw base::ConfigError("phases: at least one is needed");
  if (task.train.empty()) throw base::ConfigError("task " + task.name + ": no training examples");
  return Trainer(config, task, out).run(progress, stop_after_steps);
}

}  // namespace heat::offline
