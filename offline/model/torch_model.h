// A network in LibTorch: a graph and the numbers of its parameters, by the checkpoint's names.
#pragma once

#include <ATen/ATen.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "offline/model/torch_forward.h"
#include "offline/network/graph.h"

namespace heat::offline {

class TorchModel {
 public:
  // Weights N(0, 0.02) truncated at two sigma, biases 0, norms 1, all drawn from `seed` in the order of the operators.
  // Throws base::ConfigError on a graph that does not check().
  TorchModel(Graph graph, std::uint64_t seed);
  TorchModel(TorchModel&&) = default;
  TorchModel& operator=(TorchModel&&) = default;

  const Graph& graph() const { return graph_; }
  const TorchParameters& parameters() const { return parameters_; }

  // ids [batch, tokens] (int64), padded on the right with any id; lengths [batch] counts the real tokens.
  NetworkOutputs forward(const at::Tensor& ids, const at::Tensor& lengths, const ForwardOptions& options = {});
  // What the operators behind the body make of its result [batch, tokens, features].
  NetworkOutputs head(const at::Tensor& sequence);

  // Every trained tensor in a fixed order under the checkpoint's name; those of some operators.
  NamedTensors named_parameters() const { return named_parameters({0, graph_.operators.size()}); }
  NamedTensors named_parameters(const OperatorRange& range) const;
  // The body's linear maps, which decomposition may replace, under their names without ".weight"
  // ("bert.encoder.layer.0.attention.self.query").
  std::vector<std::pair<std::string, std::unique_ptr<Linear>*>> body_linears();
  // The embedding of the tokens [vocabulary, features].
  const at::Tensor& token_table() const;
  // Takes the same network with another classifier, whose weights are drawn from `seed`.
  void replace_classifier(Graph graph, std::uint64_t seed);
  void require_grad(bool on);

 private:
  Graph graph_;
  TorchParameters parameters_;
};

// Switches gradients on for the model's parameters (without those ahead of the body if so asked) and returns those.
NamedTensors trainable_parameters(TorchModel& model, bool embeddings);

}  // namespace heat::offline
