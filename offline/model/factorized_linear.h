// A linear layer whose weight [out, in] is given by the cores of a CP, Tucker, TTM or SVD decomposition.
#pragma once

#include <memory>
#include <vector>

#include "offline/decompose/decomposition.h"
#include "offline/model/linear.h"

namespace heat::offline {

// Cores lie as in decompose/decomposition.h (row modes: out, column modes: in), the weights of CP and SVD folded evenly
// into the factors. They hold the maximal ranks; set_ranks takes the first r along each rank axis (the Rank SuperNet's
// SubNet, paper 2.2.2, technique 1).
class FactorizedLinear : public Linear {
 public:
  FactorizedLinear(const Decomposition& decomposition, at::Tensor bias);
  // Zero cores of the given ranks, to be filled by a reader.
  FactorizedLinear(Method method, const TensorShape& shape, const std::vector<std::int64_t>& ranks);

  at::Tensor forward(const at::Tensor& x) override;
  void collect(const std::string& prefix, NamedTensors& out) const override;  // prefix.cores.<i>, prefix.bias
  std::int64_t in_features() const override { return shape_.cols(); }
  std::int64_t out_features() const override { return shape_.rows(); }

  Method method() const { return method_; }
  const TensorShape& shape() const { return shape_; }
  const std::vector<std::int64_t>& max_ranks() const { return max_ranks_; }
  const std::vector<std::int64_t>& ranks() const { return ranks_; }
  void set_ranks(const std::vector<std::int64_t>& ranks);  // within [1, max_ranks]
  // Ablation of technique 1: takes random entries along each rank axis, drawn from `seed`, instead of the first; until
  // the next set_ranks.
  void scatter_ranks(std::uint64_t seed);
  // Scales W' by sqrt(variance / Var W') (technique 4); 0 switches it off.
  void set_target_variance(double variance) { target_variance_ = variance; }
  double target_variance() const { return target_variance_; }

  // W' [out, in] at the active ranks, scaled when a target variance is set.
  at::Tensor weight() const;
  // Multiply-accumulates of the two ways to compute `rows` rows; forward takes the smaller one.
  double macs_by_path(std::int64_t rows) const;
  double macs_by_reconstruction(std::int64_t rows) const;
  // The layer cut to its active ranks, with the scale of the target variance folded in.
  std::unique_ptr<FactorizedLinear> cut() const;

  at::Tensor bias;

 private:
  std::vector<at::Tensor> active() const;
  at::Tensor reconstruct() const;
  at::Tensor contract(const at::Tensor& x) const;  // x [rows, in] -> [rows, out], without bias

  Method method_;
  TensorShape shape_;
  std::vector<std::int64_t> max_ranks_, ranks_;
  std::vector<at::Tensor> cores_;
  std::vector<at::Tensor> entries_;  // indices along each rank axis; empty: the first ones
  double target_variance_ = 0;
};

// Sizes of the cores, in the order of Decomposition::cores.
std::vector<std::vector<std::int64_t>> core_dims(Method method, const TensorShape& shape,
                                                 const std::vector<std::int64_t>& ranks);

}  // namespace heat::offline
