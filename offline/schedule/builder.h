// Collects the tensors and nodes of a network; addresses are given at the end.
#pragma once

#include <string>
#include <vector>

#include "offline/mapper/fusion.h"
#include "offline/schedule/network.h"

namespace heat::offline {

class NetworkBuilder {
 public:
  NetworkBuilder(std::string network, std::string method, std::int64_t tokens);

  // Adds a tensor. Weights may come with their row-major values.
  spec::TensorId tensor(const std::string& name, spec::TensorKind kind, std::vector<std::int64_t> shape,
                        std::vector<float> values = {});
  // Adds a GEMM node with its requantisation records (and activation table when `real` has an activation); extents are
  // taken from the views.
  spec::NodeId gemm(const std::string& name, const std::string& layer, spec::GemmNode gemm, RealNode real,
                    spec::LoopDim bound = spec::LoopDim::kN);
  // For what lower_path appended to workload(): adopt() keeps the nodes' bounds and makes room for real numbers, and
  // complete_gemm gives a node its epilogue's tensors and its real numbers. `epilogue`: all but the tensors.
  void adopt(const std::vector<mapper::ChainNode>& nodes);
  void complete_gemm(spec::NodeId node, spec::Epilogue epilogue, RealNode real);
  spec::NodeId softmax(const std::string& name, spec::TensorView input, spec::TensorView output,
                       std::vector<spec::Index> n, std::vector<spec::Index> k);
  // `residual` may be none.
  spec::NodeId layer_norm(const std::string& name, spec::TensorId input, spec::TensorId residual, spec::TensorId output,
                          RealNode real);

  // Puts a node behind another; ids behind it grow by one.
  void insert_after(spec::NodeId place, spec::Node node, RealNode real, spec::LoopDim bound);

  // Nodes behind `first`, itself included, in another order: of each new place the old one.
  void reorder(spec::NodeId first, const std::vector<std::size_t>& order);

  Network& network() { return network_; }
  spec::Workload& workload() { return network_.workload; }
  const spec::Workload& workload() const { return network_.workload; }
  // The finished network: input and output marked.
  Network finish(spec::TensorId input, spec::TensorId output);

 private:
  spec::NodeId node(spec::Node node, RealNode real, spec::LoopDim bound);
  Network network_;
};

// A view of a whole row-major tensor: index names for its axes; -> dims in the order `order`.
spec::TensorView view_of(const spec::Workload& workload, spec::TensorId tensor, const std::vector<spec::Index>& axes,
                         const std::vector<spec::Index>& order);

}  // namespace heat::offline
