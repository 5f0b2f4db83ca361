// Every step samples ranks per tensor; the gradients of the largest, the smallest and the random SubNet are summed
// (sandwich rule, Yu & Huang 2019). The random walk of limited change is a function of (seed, step).
#include "offline/train/supernet.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "base/errors.h"
#include "base/random.h"
#include "offline/train/distill.h"

namespace heat::offline {
namespace {

double weight_variance(const TorchModel& teacher, const std::string& layer) {
  for (auto& [name, slot] : const_cast<TorchModel&>(teacher).body_linears())
    if (name == layer)
      if (const auto* dense = dynamic_cast<const DenseLinear*>(slot->get()))
        return dense->weight.detach().var(false).item<double>();
  throw base::ConfigError("layer '" + layer + "' is not a dense linear layer of the teacher's encoder");
}

}  // namespace

SuperNet::SuperNet(const TorchModel& teacher, const std::vector<LayerForm>& max_forms,
                   const std::vector<double>& fractions, bool normalize_variance, const DecomposeOptions& options)
    : model_(clone(teacher)) {
  factorize(model_, max_forms, options);
  for (const auto& [name, layer] : factorized_layers(model_)) {
    ladders_.push_back(make_ladder({name, layer->max_form()}, fractions));
    if (normalize_variance) layer->set_target_variance(weight_variance(teacher, name));
  }
  activate(largest());
}

SuperNet::SuperNet(TorchModel model, std::vector<RankLadder> ladders, const TorchModel* teacher)
    : model_(std::move(model)), ladders_(std::move(ladders)) {
  const auto layers = factorized_layers(model_);
  if (layers.size() != ladders_.size())
    throw base::ConfigError("the SuperNet has " + std::to_string(layers.size()) + " factorised layers, its ladders " +
                            std::to_string(ladders_.size()));
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (layers[i].first != ladders_[i].layer || ladders_[i].choices.empty() ||
        ladders_[i].choices.back() != layers[i].second->max_form())
      throw base::ConfigError("the ladder of layer " + ladders_[i].layer + " does not fit the SuperNet's cores");
    if (teacher) layers[i].second->set_target_variance(weight_variance(*teacher, layers[i].first));
  }
}

void SuperNet::activate(const SubNet& subnet) {
  HEAT_CHECK(subnet.size() == ladders_.size(), "a choice for every factorised layer");
  const auto layers = factorized_layers(model_);
  for (std::size_t i = 0; i < layers.size(); ++i) layers[i].second->set_ranks(ladders_[i].choices.at(subnet[i]).ranks);
}

SubNet SuperNet::largest() const {
  SubNet s;
  for (const RankLadder& l : ladders_) s.push_back(static_cast<int>(l.choices.size()) - 1);
  return s;
}

SubNet SuperNet::smallest() const {
  return SubNet(ladders_.size(), 0);
}

std::int64_t SuperNet::params(const SubNet& subnet) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < ladders_.size(); ++i) sum += ladders_[i].params.at(subnet.at(i));
  return sum;
}

std::vector<LayerForm> SuperNet::forms(const SubNet& subnet) const {
  return forms_of(ladders_, subnet);
}

SubNet walk_subnet(const std::vector<RankLadder>& ladders, std::uint64_t seed, std::int64_t step, int limited_change) {
  SubNet s;
  for (std::size_t layer = 0; layer < ladders.size(); ++layer) {
    const auto choices = static_cast<std::int64_t>(ladders[layer].choices.size());
    const auto draw = [&](std::int64_t t) { return base::CounterRng(base::counter_hash(seed, layer, t)); };
    if (limited_change <= 0) {
      s.push_back(static_cast<int>(draw(step).below(choices)));
      continue;
    }
    auto at = static_cast<std::int64_t>(draw(0).below(choices));
    for (std::int64_t t = 1; t <= step; ++t) {
      const auto move = static_cast<std::int64_t>(draw(t).below(2 * limited_change + 1)) - limited_change;
      at = std::clamp<std::int64_t>(at + move, 0, choices - 1);
    }
    s.push_back(static_cast<int>(at));
  }
  return s;
}

std::vector<SubNet> random_subnets(const std::vector<RankLadder>& ladders, std::int64_t count, std::uint64_t seed) {
  std::vector<SubNet> out;
  for (std::int64_t i = 0; i < count; ++i) out.push_back(walk_subnet(ladders, base::counter_hash(seed, 30), i, 0));
  return out;
}

std::string SuperNetConfig::digest() const {
  std::ostringstream s;
  s.precision(17);
  s << "supernet " << seed << ' ' << steps << ' ' << batch_tokens << ' ' << learning_rate << ' ' << warmup << ' '
    << weight_decay << ' ' << dropout << ' ' << teacher_weight << ' ' << train_embeddings << first_ranks
    << limited_change << sandwich << normalize_variance;
  return s.str();
}

bool train_supernet(SuperNet& supernet, TorchModel& teacher, const std::vector<EncodedText>& texts,
                    const SuperNetConfig& config, const RunFolder& folder, const ProgressCallback& progress) {
  if (texts.empty()) throw base::ConfigError("supernet: no training texts");
  TorchModel& model = supernet.model();
  teacher.require_grad(false);
  AdamWOptions adam;
  adam.weight_decay = config.weight_decay;
  AdamW optimizer(trainable_parameters(model, config.train_embeddings), adam);
  ResumableRun run(optimizer, folder, config.digest(), progress);
  BatchStream stream(texts, config.batch_tokens, base::counter_hash(config.seed, 31));
  const auto step_loss = [&](std::int64_t step) {
    const BatchTensors batch = make_batch(texts, stream.at(step));
    at::Tensor teacher_logits;
    if (config.teacher_weight > 0) {
      at::NoGradGuard no_grad;
      teacher_logits = teacher.forward(batch.ids, batch.lengths).logits;
    }
    std::vector<SubNet> subnets = {
        walk_subnet(supernet.ladders(), base::counter_hash(config.seed, 32), step, config.limited_change)};
    if (config.sandwich) subnets.insert(subnets.begin(), {supernet.largest(), supernet.smallest()});
    optimizer.zero_gradients();
    double sum = 0;
    for (const SubNet& subnet : subnets) {
      supernet.activate(subnet);
      std::uint64_t layer_index = 0;
      if (!config.first_ranks)
        for (const auto& [name, layer] : factorized_layers(model))
          layer->scatter_ranks(base::counter_hash(config.seed, 33, step, layer_index++));
      ForwardOptions options;
      options.train = config.dropout > 0;
      options.dropout = config.dropout;
      options.dropout_seed = base::counter_hash(config.seed, 34, step);
      const at::Tensor logits = model.forward(batch.ids, batch.lengths, options).logits;
      at::Tensor loss = (1 - config.teacher_weight) * at::cross_entropy_loss(logits, batch.labels);
      if (config.teacher_weight > 0) loss = loss + config.teacher_weight * softened_kl(logits, teacher_logits, 1.0);
      loss.backward();
      sum += loss.item<double>();
    }
    optimizer.step(ramp(config.learning_rate, config.warmup, step, config.steps));
    return sum / static_cast<double>(subnets.size());
  };
  const bool done = run.stage(0, "supernet", config.steps, step_loss);
  model.require_grad(false);
  supernet.activate(supernet.largest());
  return done;
}

}  // namespace heat::offline
