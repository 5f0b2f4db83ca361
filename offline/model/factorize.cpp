// The weights are decomposed in double by offline/decompose; the model keeps float cores.
#include "offline/model/factorize.h"

#include "base/errors.h"

namespace heat::offline {
namespace {

std::unique_ptr<Linear>* find_layer(TorchModel& model, const std::string& name) {
  std::vector<std::string> known;
  for (auto& [layer, slot] : model.body_linears())
    if (layer == name) return slot;
  throw base::ConfigError("layer '" + name + "' is not one of the encoder's linear layers");
}

double factorize_one(TorchModel& model, const LayerPlan& plan, const DecomposeOptions& options) {
  std::unique_ptr<Linear>* slot = find_layer(model, plan.layer);
  const auto* dense = dynamic_cast<const DenseLinear*>(slot->get());
  if (!dense) throw base::ConfigError("layer '" + plan.layer + "' is factorised already");
  if (plan.shape.rows() != dense->out_features() || plan.shape.cols() != dense->in_features())
    throw base::ConfigError("layer '" + plan.layer + "': shape " + shape_text(plan.shape, plan.method) +
                            " is not that of the weight " + std::to_string(dense->out_features()) + "x" +
                            std::to_string(dense->in_features()));
  const at::Tensor w = dense->weight.detach().to(at::kDouble).contiguous();
  const DecomposeResult result = decompose({w.data_ptr<double>(), static_cast<std::size_t>(w.numel())}, plan.method,
                                           plan.shape, feasible_ranks(plan.ranks, plan.method, plan.shape), options);
  *slot = std::make_unique<FactorizedLinear>(result.decomposition, dense->bias.detach().clone());
  return result.relative_error;
}

}  // namespace

TorchModel clone(const TorchModel& model) {
  at::NoGradGuard no_grad;
  TorchModel copy(model.graph(), 0);
  auto& source = const_cast<TorchModel&>(model);
  auto from_layers = source.body_linears();
  auto to_layers = copy.body_linears();
  for (std::size_t i = 0; i < from_layers.size(); ++i)
    if (const auto* f = dynamic_cast<const FactorizedLinear*>(from_layers[i].second->get())) {
      auto twin = std::make_unique<FactorizedLinear>(f->method(), f->shape(), f->max_ranks());
      twin->set_ranks(f->ranks());
      twin->set_target_variance(f->target_variance());
      *to_layers[i].second = std::move(twin);
    }
  const NamedTensors from = model.named_parameters(), to = copy.named_parameters();
  for (std::size_t i = 0; i < from.size(); ++i) at::Tensor(to[i].second).copy_(from[i].second);
  return copy;
}

std::vector<double> factorize(TorchModel& model, const std::vector<LayerPlan>& plans, const DecomposeOptions& options) {
  std::vector<double> errors;
  for (const LayerPlan& plan : plans) errors.push_back(factorize_one(model, plan, options));
  return errors;
}

std::vector<std::pair<std::string, FactorizedLinear*>> factorized_layers(TorchModel& model) {
  std::vector<std::pair<std::string, FactorizedLinear*>> out;
  for (auto& [name, slot] : model.body_linears())
    if (auto* f = dynamic_cast<FactorizedLinear*>(slot->get())) out.emplace_back(name, f);
  return out;
}

std::int64_t encoder_parameters(TorchModel& model) {
  std::int64_t count = 0;
  for (auto& [name, slot] : model.body_linears()) {
    if (const auto* f = dynamic_cast<const FactorizedLinear*>(slot->get()))
      count += parameter_count(f->method(), f->shape(), f->ranks());
    else
      count += (*slot)->in_features() * (*slot)->out_features();
  }
  return count;
}

}  // namespace heat::offline
