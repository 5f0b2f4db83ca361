// The iteration of Tucker decompositions. Inside this room only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "offline/decompose/core_network.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {

class Hooi {
 public:
  // w row-major over the modes, must outlive it; ranks at most the modes, and at most the product of the others.
  Hooi(std::span<const double> w, std::vector<std::int64_t> modes, Ranks ranks, int threads);

  // Updates every factor once; returns the core's squared norm.
  double sweep();
  // Turns each factor so that its columns are the core's singular vectors, by falling value. The product stays as it is.
  void order_components();

  const Tensor& core() const { return core_; }
  // [mode, rank] row-major, orthonormal columns.
  std::vector<std::vector<double>>& factors() { return factors_; }

 private:
  using Modes = std::vector<std::size_t>;

  void update(std::span<const double> data, const std::vector<std::int64_t>& dims, const Modes& modes);
  Tensor projected(std::span<const double> data, const std::vector<std::int64_t>& dims, Modes modes) const;
  void update_factor(std::size_t mode, std::span<const double> data, const std::vector<std::int64_t>& dims);

  std::span<const double> w_;
  std::vector<std::int64_t> modes_;
  Ranks ranks_;
  int threads_;
  std::vector<std::vector<double>> factors_;  // an empty one is not known yet
  Tensor core_;
};

}  // namespace heat::offline
