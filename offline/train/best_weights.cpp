// One safetensors file: the weights, and all scores so far in its metadata. It may be ahead of the training state of a
// killed run: the steps that are repeated give the same weights, so their scores are known already.
#include "offline/train/best_weights.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/errors.h"
#include "offline/model/checkpoint.h"

namespace heat::offline {

BestWeights::BestWeights(NamedTensors parameters, const std::string& folder, std::string digest)
    : parameters_(std::move(parameters)), digest_(std::move(digest)) {
  if (folder.empty()) return;
  file_ = (std::filesystem::path(folder) / "best.safetensors").string();
  if (std::filesystem::exists(file_)) load();
}

bool BestWeights::knows(const std::string& stage, std::int64_t step) const {
  for (const DevScore& s : scores_)
    if (s.stage == stage && s.step == step) return true;
  return false;
}

void BestWeights::offer(const DevScore& score) {
  scores_.push_back(score);
  if (scores_.size() == 1 || score.accuracy >= scores_[best_].accuracy) {
    best_ = scores_.size() - 1;
    weights_.clear();
    for (const auto& [name, tensor] : parameters_) weights_.push_back(tensor.detach().clone());
  }
  if (!file_.empty()) save();
}

void BestWeights::restore() {
  HEAT_CHECK(weights_.size() == parameters_.size() && !scores_.empty(), "weights were offered");
  at::NoGradGuard no_grad;
  for (std::size_t i = 0; i < weights_.size(); ++i) parameters_[i].second.detach().copy_(weights_[i]);
}

void BestWeights::save() const {
  Safetensors file;
  for (std::size_t i = 0; i < weights_.size(); ++i)
    file.tensors[parameters_[i].first] = to_raw(weights_[i], DType::kF32);
  nlohmann::json scores = nlohmann::json::array();
  for (const DevScore& s : scores_) scores.push_back({s.stage, s.step, s.accuracy});
  file.metadata = {{"digest", digest_}, {"best", std::to_string(best_)}, {"scores", scores.dump()}};
  file.save(file_);
}

void BestWeights::load() {
  const Safetensors file = Safetensors::load(file_);
  const auto digest = file.metadata.find("digest");
  if (digest == file.metadata.end() || digest->second != digest_)
    throw base::ConfigError(file_ + ": was written under another configuration; use another folder or remove it");
  const auto scores = nlohmann::json::parse(file.metadata.at("scores"), nullptr, false);
  if (!scores.is_array() || scores.empty()) throw base::ConfigError(file_ + ": __metadata__.scores is no list");
  for (const auto& s : scores)
    scores_.push_back({s.at(0).get<std::string>(), s.at(1).get<std::int64_t>(), s.at(2).get<double>()});
  best_ = static_cast<std::size_t>(std::stoull(file.metadata.at("best")));
  base::Problems problems;
  for (const auto& [name, parameter] : parameters_) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end() || at::IntArrayRef(found->second.shape) != parameter.sizes())
      problems.add(file_, name + " is missing or has another shape than the model's");
    else
      weights_.push_back(to_float_tensor(found->second));
  }
  problems.throw_if_any();
}

}  // namespace heat::offline
