// The weights are decomposed in double by offline/decompose; the model keeps float cores.
#include "offline/model/factorize.h"

#include "base/errors.h"
#include "offline/decompose/form_text.h"

namespace heat::offline {
namespace {

std::unique_ptr<Linear>* find_layer(TorchModel& model, const std::string& name) {
  for (auto& [layer, slot] : model.body_linears())
    if (layer == name) return slot;
  throw base::ConfigError("is not one of the encoder's linear layers");
}

void check_form(TorchModel& model, const LayerForm& plan) {
  const Linear& linear = **find_layer(model, plan.layer);
  const TensorShape& shape = plan.form.shape;
  if (shape.rows() != linear.out_features() || shape.cols() != linear.in_features())
    throw base::ConfigError("shape " + shape_text(plan.form) + " is not that of the weight " +
                            std::to_string(linear.out_features()) + "x" + std::to_string(linear.in_features()));
  feasible(plan.form);
}

double factorize_one(TorchModel& model, const LayerForm& plan, const DecomposeOptions& options) {
  std::unique_ptr<Linear>* slot = find_layer(model, plan.layer);
  const auto* dense = dynamic_cast<const DenseLinear*>(slot->get());
  if (!dense) throw base::ConfigError("layer '" + plan.layer + "' is factorised already");
  const at::Tensor w = dense->weight.detach().to(at::kDouble).contiguous();
  const DecomposeResult result =
      decompose({w.data_ptr<double>(), static_cast<std::size_t>(w.numel())}, plan.form, options);
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
      auto twin = std::make_unique<FactorizedLinear>(f->max_form());
      twin->set_ranks(f->form().ranks);
      twin->set_target_variance(f->target_variance());
      *to_layers[i].second = std::move(twin);
    }
  const NamedTensors from = model.named_parameters(), to = copy.named_parameters();
  for (std::size_t i = 0; i < from.size(); ++i) at::Tensor(to[i].second).copy_(from[i].second);
  return copy;
}

void check_forms(TorchModel& model, const std::vector<LayerForm>& forms, const std::string& place) {
  base::Problems problems;
  for (const LayerForm& plan : forms) try {
      check_form(model, plan);
    } catch (const base::ConfigError& e) {
      problems.add((place.empty() ? "" : place + ": ") + "layer '" + plan.layer + "'", e.what());
    }
  problems.throw_if_any();
}

std::vector<double> factorize(TorchModel& model, const std::vector<LayerForm>& forms, const DecomposeOptions& options) {
  check_forms(model, forms, "");
  std::vector<double> errors;
  for (const LayerForm& plan : forms) errors.push_back(factorize_one(model, plan, options));
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
      count += parameter_count(f->form());
    else
      count += (*slot)->in_features() * (*slot)->out_features();
  }
  return count;
}

}  // namespace heat::offline
