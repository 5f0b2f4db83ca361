// Collects the tensors and nodes of a network; addresses are given at the end.
#pragma once

#include <string>
#include <vector>

#include "offline/schedule/network.h"

namespace heat::offline {

class NetworkBuilder {
 public:
  NetworkBuilder(std::string network, std::string method, std::int64_t tokens);

  // Adds a tensor and returns its position. Weights may come with their row-major values.
  int tensor(const std::string& name, spec::TensorKind kind, std::vector<std::int64_t> shape,
             std::vector<float> values = {});
  // Adds a GEMM node with its requantisation records (and activation table when `real` has an activation); extents are
  // taken from the views.
  int gemm(const std::string& name, const std::string& layer, spec::GemmNode gemm, RealNode real,
           spec::LoopDim bound = spec::LoopDim::kN);
  // For nodes and tensors that were appended to network().schedule: sync() makes room for their real numbers, and
  // complete_gemm gives a node its requantisation records, activation table and real numbers.
  void sync();
  void complete_gemm(int node, RealNode real);
  int softmax(const std::string& name, spec::TensorView input, spec::TensorView output, std::vector<spec::Index> n,
              std::vector<spec::Index> k);
  int layer_norm(const std::string& name, int input, int residual, int output, RealNode real);

  Network& network() { return network_; }
  spec::Tensor& at(int tensor) { return network_.schedule.tensors[static_cast<std::size_t>(tensor)]; }
  // The finished network: input and output marked.
  Network finish(int input, int output);

 private:
  int node(spec::Node node, RealNode real);
  Network network_;
};

// Gives every tensor whose home is the DRAM an address (a multiple of 64): tensors that are given before the run first,
// so that the image has no holes. Clears the addresses of the others.
void assign_addresses(spec::Schedule& schedule);

// A view of a whole row-major tensor: index names for its axes; -> dims in the order `order`.
spec::TensorView view_of(const spec::Schedule& schedule, int tensor, const std::vector<spec::Index>& axes,
                         const std::vector<spec::Index>& order);

}  // namespace heat::offline
