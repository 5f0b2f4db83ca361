// A graph's operators on LibTorch tensors, one after another.
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "offline/model/linear.h"
#include "offline/network/graph.h"

namespace heat::offline {

struct NormWeights {
  at::Tensor weight, bias;
};

// The numbers behind a graph's parameter names.
struct TorchParameters {
  std::map<std::string, std::unique_ptr<Linear>> linears;
  std::map<std::string, at::Tensor> tables;  // of embeddings, [rows, features]
  std::map<std::string, NormWeights> norms;
};

struct ForwardOptions {
  bool train = false;              // dropout on
  std::uint64_t dropout_seed = 0;  // what decides the dropout masks
  double dropout = -1;             // of hidden states; below 0: the graph's
  bool keep_blocks = false;        // fill attentions and hidden of the result
};

// The graph's results; undefined where it has none or the operators that make it did not run.
struct NetworkOutputs {
  at::Tensor logits;                   // [batch, labels]
  at::Tensor pooled;                   // [batch, features]
  at::Tensor sequence;                 // [batch, tokens, features]
  std::vector<at::Tensor> attentions;  // per block, softmaxed scores [batch, heads, tokens, tokens]
  std::vector<at::Tensor> hidden;      // per block, its output [batch, tokens, features]
};

// One run. A value's tensor is [batch, its axes], or lacks leading axes along which it does not vary (positions). It is
// dropped after its last use.
class TorchForward {
 public:
  TorchForward(const Graph& graph, const TorchParameters& parameters, const ForwardOptions& options);

  // ids [batch, tokens] (int64), padded on the right with any id; lengths [batch] counts the real tokens.
  void give_texts(const at::Tensor& ids, const at::Tensor& lengths);
  // A value that the operators to run do not make.
  void give(ValueId value, const at::Tensor& tensor);
  // Throws base::ConfigError on an operator that has no forward yet (causal masks, caches).
  NetworkOutputs run(const OperatorRange& range);

 private:
  at::Tensor apply(const op::Embedding& o);
  at::Tensor apply(const op::Linear& o);
  at::Tensor apply(const op::Matmul& o);
  at::Tensor apply(const op::Mask& o);
  at::Tensor apply(const op::Softmax& o);
  at::Tensor apply(const op::Norm& o);
  at::Tensor apply(const op::Activate& o);
  at::Tensor apply(const op::Add& o);
  at::Tensor apply(const op::Select& o);
  at::Tensor apply(const op::Dropout& o);
  at::Tensor apply(const op::Cache& o);
  const at::Tensor& at(ValueId id) const;
  void keep(ValueId id, NetworkOutputs& outputs) const;

  const Graph& graph_;
  const TorchParameters& parameters_;
  const ForwardOptions& options_;
  const Operator* current_ = nullptr;
  std::vector<at::Tensor> values_;
  at::Tensor ids_, lengths_, padding_;
};

}  // namespace heat::offline
