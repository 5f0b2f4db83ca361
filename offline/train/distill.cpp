// Stage one aligns every block, stage two the last layer's logits only, "to provide more freedom for the student".
// Neither loss is the accuracy, so the weights are looked at on dev and the best ones are kept.
#include "offline/train/distill.h"

#include <optional>
#include <sstream>

#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {
namespace {

// [batch, tokens]: 1 where a token is real.
at::Tensor valid_mask(const at::Tensor& lengths, std::int64_t tokens) {
  return at::arange(tokens, at::kLong).unsqueeze(0).lt(lengths.unsqueeze(1)).to(at::kFloat);
}

class Distiller {
 public:
  Distiller(TorchModel& student, TorchModel& teacher, const std::vector<EncodedText>& texts,
            const std::vector<EncodedText>& dev, const DistillConfig& config)
      : student_(student),
        teacher_(teacher),
        texts_(texts),
        dev_(dev),
        config_(config),
        optimizer_(trainable_parameters(student, config.train_embeddings), {}) {
    teacher_.require_grad(false);
  }

  DistillResult run(const RunFolder& folder, const ProgressCallback& progress) {
    const ProgressCallback with_dev = [&](Progress p) {
      if (best_ && !best_->scores().empty()) p.dev_accuracy = best_->scores().back().accuracy;
      progress(p);
    };
    ResumableRun run(optimizer_, folder, config_.digest(), progress ? with_dev : nullptr);
    if (!dev_.empty())
      best_.emplace(optimizer_.parameters(), folder.path, config_.digest() + " dev " + std::to_string(dev_.size()));
    look("projected", 0, run.stands_before(0));
    if (!stage(run, 0)) return {};
    if (config_.stage_one_steps > 0) look("blocks", config_.stage_one_steps, run.stands_before(1));
    if (!stage(run, 1)) return {};
    optimizer_.swap_average();
    if (config_.stage_two_steps > 0) look("logits", config_.stage_two_steps, run.stands_before(2));
    student_.require_grad(false);
    if (!best_) return {true, {}, 0};
    best_->restore();
    return {true, best_->scores(), best_->best()};
  }

 private:
  // Scores the parameters as they are. `current`: they are those of that moment, not later ones of a resumed run.
  void look(const std::string& stage, std::int64_t step, bool current) {
    if (!best_ || best_->knows(stage, step)) return;
    if (!current)
      throw base::ConfigError(
          "distill: best.safetensors of the interrupted run is gone; remove training.safetensors too");
    best_->offer({stage, step, evaluate(student_, dev_).accuracy});
  }

  void look_inside_stage_two(std::int64_t step) {
    if (step == 0 || config_.dev_steps == 0 || step % config_.dev_steps != 0) return;
    optimizer_.swap_average();
    look("logits", step, true);
    optimizer_.swap_average();
  }

  bool stage(ResumableRun& run, int number) {
    const bool one = number == 0;
    const std::int64_t total = one ? config_.stage_one_steps : config_.stage_two_steps;
    const std::uint64_t seed = base::counter_hash(config_.seed, 20, number);
    AdamWOptions options;
    options.weight_decay = config_.weight_decay;
    options.average_decay = one ? 0 : config_.average_decay;
    optimizer_.set_options(options);
    BatchStream stream(texts_, config_.batch_tokens, seed);
    return run.stage(number, one ? "distill, blocks" : "distill, logits", total, [&](std::int64_t step) {
      if (step == 0) optimizer_.reset_average();
      if (!one) look_inside_stage_two(step);
      const BatchTensors batch = make_batch(texts_, stream.at(step));
      const at::Tensor loss = one ? stage_one_loss(batch, base::counter_hash(seed, 1, step))
                                  : stage_two_loss(batch, base::counter_hash(seed, 1, step));
      optimizer_.zero_gradients();
      loss.backward();
      optimizer_.step(ramp(one ? config_.stage_one_rate : config_.stage_two_rate, config_.warmup, step, total));
      return loss.item<double>();
    });
  }

  NetworkOutputs teach(const BatchTensors& batch, bool blocks) {
    at::NoGradGuard no_grad;
    ForwardOptions options;
    options.keep_blocks = blocks;
    return teacher_.forward(batch.ids, batch.lengths, options);
  }

  ForwardOptions student_options(std::uint64_t seed, bool blocks) const {
    ForwardOptions options;
    options.train = config_.dropout > 0;
    options.dropout = config_.dropout;
    options.dropout_seed = seed;
    options.keep_blocks = blocks;
    return options;
  }

  at::Tensor stage_one_loss(const BatchTensors& batch, std::uint64_t seed) {
    const NetworkOutputs t = teach(batch, true);
    const NetworkOutputs s = student_.forward(batch.ids, batch.lengths, student_options(seed, true));
    at::Tensor loss;
    if (config_.attention) loss = attention_loss(s, t, batch.lengths);
    if (config_.hidden) {
      const at::Tensor h = hidden_loss(s, t, batch.lengths);
      loss = loss.defined() ? loss + h : h;
    }
    return loss;
  }

  at::Tensor stage_two_loss(const BatchTensors& batch, std::uint64_t seed) {
    const at::Tensor t = teach(batch, false).logits;
    const at::Tensor s = student_.forward(batch.ids, batch.lengths, student_options(seed, false)).logits;
    const at::Tensor targets = config_.teacher_targets ? t.argmax(1) : batch.labels;
    return config_.kl_weight * softened_kl(s, t, config_.temperature) +
           config_.ce_weight * at::cross_entropy_loss(s, targets);
  }

  TorchModel& student_;
  TorchModel& teacher_;
  const std::vector<EncodedText>&texts_, &dev_;
  const DistillConfig& config_;
  AdamW optimizer_;
  std::optional<BestWeights> best_;
};

}  // namespace

at::Tensor attention_loss(const NetworkOutputs& student, const NetworkOutputs& teacher, const at::Tensor& lengths) {
  at::Tensor sum;
  const std::int64_t heads = student.attentions.at(0).size(1);
  const at::Tensor valid = valid_mask(lengths, student.attentions[0].size(2)).unsqueeze(1);  // [batch, 1, queries]
  const at::Tensor count = valid.sum() * heads;
  for (std::size_t i = 0; i < student.attentions.size(); ++i) {
    const at::Tensor distance = 1 - at::cosine_similarity(student.attentions[i], teacher.attentions.at(i), -1);
    const at::Tensor term = (distance * valid).sum() / count;
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

at::Tensor hidden_loss(const NetworkOutputs& student, const NetworkOutputs& teacher, const at::Tensor& lengths) {
  at::Tensor sum;
  const at::Tensor valid = valid_mask(lengths, student.hidden.at(0).size(1));
  const at::Tensor count = valid.sum();
  for (std::size_t i = 0; i < student.hidden.size(); ++i) {
    const at::Tensor distance = 1 - at::cosine_similarity(student.hidden[i], teacher.hidden.at(i), -1);
    const at::Tensor term = (distance * valid).sum() / count;
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

at::Tensor softened_kl(const at::Tensor& student_logits, const at::Tensor& teacher_logits, double temperature) {
  const at::Tensor log_s = at::log_softmax(student_logits / temperature, 1);
  const at::Tensor log_t = at::log_softmax(teacher_logits / temperature, 1);
  return (log_t.exp() * (log_t - log_s)).sum(1).mean();
}

std::string DistillConfig::digest() const {
  std::ostringstream s;
  s.precision(17);
  s << "distill " << seed << ' ' << stage_one_steps << ' ' << stage_two_steps << ' ' << batch_tokens << ' '
    << stage_one_rate << ' ' << stage_two_rate << ' ' << warmup << ' ' << weight_decay << ' ' << dropout << ' '
    << temperature << ' ' << attention << hidden << ' ' << kl_weight << ' ' << ce_weight << ' ' << teacher_targets
    << train_embeddings << ' ' << average_decay << ' ' << dev_steps;
  return s.str();
}

// Its parameters are two models, two sets of texts, and what every training gets: configuration, folder, progress.
DistillResult distill(TorchModel& student, TorchModel& teacher, const std::vector<EncodedText>& texts,
                      const DistillConfig& config, const RunFolder& folder, const ProgressCallback& progress,
                      const std::vector<EncodedText>& dev) {
  if (texts.empty()) throw base::ConfigError("distill: no training texts");
  if (config.stage_one_steps > 0 && !config.attention && !config.hidden)
    throw base::ConfigError("distill: stage one needs attention or hidden; set stage_one_steps to 0 to skip it");
  if (config.temperature <= 0) throw base::ConfigError("distill: temperature must be above 0");
  return Distiller(student, teacher, texts, dev, config).run(folder, progress);
}

}  // namespace heat::offline
