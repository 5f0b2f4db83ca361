// Operators that name the same parameters share them.
#include "offline/model/torch_model.h"

#include <set>

#include "base/errors.h"
#include "base/random.h"

namespace heat::offline {
namespace {

std::unique_ptr<Linear> fresh_linear(const Graph& graph, const op::Linear& o, std::uint64_t seed) {
  const std::int64_t in = features_of(graph.values[static_cast<std::size_t>(o.input)]),
                     out = features_of(graph.values[static_cast<std::size_t>(o.output)]);
  return std::make_unique<DenseLinear>(truncated_normal({out, in}, 0.02, seed), at::zeros({out}, at::kFloat));
}

}  // namespace

TorchModel::TorchModel(Graph graph, std::uint64_t seed) : graph_(std::move(graph)) {
  check(graph_);
  std::uint64_t draw = 0;
  const auto next = [&] { return base::counter_hash(seed, draw++); };
  for (const Operator& o : graph_.operators) {
    if (const auto* e = std::get_if<op::Embedding>(&o.operation); e && !parameters_.tables.contains(e->parameters)) {
      const std::int64_t features = features_of(graph_.values[static_cast<std::size_t>(e->output)]);
      parameters_.tables[e->parameters] = truncated_normal({e->rows, features}, 0.02, next());
    }
    if (const auto* l = std::get_if<op::Linear>(&o.operation); l && !parameters_.linears.contains(l->parameters))
      parameters_.linears[l->parameters] = fresh_linear(graph_, *l, next());
    if (const auto* n = std::get_if<op::Norm>(&o.operation)) {
      const std::int64_t features = graph_.values[static_cast<std::size_t>(n->input)].axes.back().size;
      parameters_.norms[n->parameters] = {at::ones({features}, at::kFloat), at::zeros({features}, at::kFloat)};
    }
  }
}

NetworkOutputs TorchModel::forward(const at::Tensor& ids, const at::Tensor& lengths, const ForwardOptions& options) {
  TorchForward run(graph_, parameters_, options);
  run.give_texts(ids, lengths);
  return run.run({0, graph_.operators.size()});
}

NetworkOutputs TorchModel::head(const at::Tensor& sequence) {
  const ForwardOptions options;
  TorchForward run(graph_, parameters_, options);
  run.give(graph_.sequence, sequence);
  return run.run({graph_.body.last, graph_.operators.size()});
}

NamedTensors TorchModel::named_parameters(const OperatorRange& range) const {
  NamedTensors out;
  std::set<std::string> seen;
  for (std::size_t i = range.first; i < range.last; ++i) {
    const std::string name = parameters_of(graph_.operators[i].operation);
    if (name.empty() || !seen.insert(name).second) continue;
    if (const auto t = parameters_.tables.find(name); t != parameters_.tables.end())
      out.emplace_back(name + ".weight", t->second);
    if (const auto l = parameters_.linears.find(name); l != parameters_.linears.end()) l->second->collect(name, out);
    if (const auto n = parameters_.norms.find(name); n != parameters_.norms.end()) {
      out.emplace_back(name + ".weight", n->second.weight);
      out.emplace_back(name + ".bias", n->second.bias);
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::unique_ptr<Linear>*>> TorchModel::body_linears() {
  std::vector<std::pair<std::string, std::unique_ptr<Linear>*>> out;
  std::set<std::string> seen;
  for (std::size_t i = graph_.body.first; i < graph_.body.last; ++i)
    if (const auto* l = std::get_if<op::Linear>(&graph_.operators[i].operation); l && seen.insert(l->parameters).second)
      out.emplace_back(l->parameters, &parameters_.linears.at(l->parameters));
  return out;
}

const at::Tensor& TorchModel::token_table() const {
  for (const Operator& o : graph_.operators)
    if (const auto* e = std::get_if<op::Embedding>(&o.operation); e && e->row_of == op::RowOf::kToken)
      return parameters_.tables.at(e->parameters);
  throw std::logic_error("the network has no embedding of tokens");
}

void TorchModel::replace_classifier(Graph graph, std::uint64_t seed) {
  HEAT_CHECK(graph.logits != kNoValue, "the new graph has a classifier");
  graph_ = std::move(graph);
  for (const Operator& o : graph_.operators) {
    const auto* l = std::get_if<op::Linear>(&o.operation);
    if (l && l->output == graph_.logits) parameters_.linears[l->parameters] = fresh_linear(graph_, *l, seed);
  }
}

void TorchModel::require_grad(bool on) {
  for (auto& [name, tensor] : named_parameters()) tensor.requires_grad_(on);
}

NamedTensors trainable_parameters(TorchModel& model, bool embeddings) {
  model.require_grad(true);
  const OperatorRange ahead{0, model.graph().body.first}, all{0, model.graph().operators.size()};
  if (embeddings) return model.named_parameters(all);
  for (auto& [name, tensor] : model.named_parameters(ahead)) tensor.requires_grad_(false);
  return model.named_parameters({ahead.last, all.last});
}

}  // namespace heat::offline
