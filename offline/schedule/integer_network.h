// The quantised body of a network for sentences of any length: every length is lowered on its own when first asked for,
// without padding; all share the scales of one calibration. Mappings play no part.
#pragma once

#include <map>
#include <vector>

#include "offline/schedule/lower_network.h"
#include "offline/schedule/quantize.h"

namespace heat::offline {

// The bodies of one network that differ in their length only: their tensors and nodes are the same list. Paths of
// factorised layers are those chosen at the usual length.
class NetworkFamily {
 public:
  // `usual_tokens`: the length whose paths every length takes.
  NetworkFamily(Graph graph, std::int64_t usual_tokens, NetworkForms forms);
  Network network(std::int64_t tokens) const;
  // Of the value that enters the body.
  std::int64_t features() const { return features_; }
  // Largest magnitudes over inputs [tokens, features] of any length.
  Ranges calibrate(const std::vector<std::vector<float>>& inputs) const;

 private:
  Graph graph_;
  std::int64_t features_;
  NetworkForms forms_;
};

class IntegerNetwork {
 public:
  IntegerNetwork(const NetworkFamily& family, Ranges ranges) : family_(family), ranges_(std::move(ranges)) {}

  // Lowers and quantises the network of a length; run() may then be called for it from several threads.
  void prepare(std::int64_t tokens);
  // The body's result [tokens, features] in real numbers (integers times their scale). Precondition: prepared.
  std::vector<float> run(const std::vector<float>& input) const;

 private:
  struct Quantized {
    Network network;
    TensorBytes bytes;
  };
  const NetworkFamily& family_;
  Ranges ranges_;
  std::map<std::int64_t, Quantized> lengths_;
};

}  // namespace heat::offline
