// A linear layer whose weight [out, in] is given by the cores of a decomposition.
#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "offline/decompose/decomposition.h"
#include "offline/model/linear.h"
#include "spec/einsum.h"

namespace heat::offline {

struct IndexedTensor;

// Cores lie as in core_network(form) (row modes: out, column modes: in), weights folded evenly into the cores that hold
// their index. They hold the maximal ranks; set_ranks takes the first r along each rank axis (the Rank SuperNet's
// SubNet, paper 2.2.2, technique 1).
class FactorizedLinear : public Linear {
 public:
  FactorizedLinear(const Decomposition& decomposition, at::Tensor bias);
  // Zero cores of the form, to be filled by a reader.
  explicit FactorizedLinear(const Form& form);

  at::Tensor forward(const at::Tensor& x) override;
  void collect(const std::string& prefix, NamedTensors& out) const override;  // prefix.cores.<i>, prefix.bias
  std::int64_t in_features() const override { return form_.shape.cols(); }
  std::int64_t out_features() const override { return form_.shape.rows(); }

  const Form& max_form() const { return form_; }                     // as stored
  Form form() const { return {form_.method, form_.shape, ranks_}; }  // at the active ranks
  void set_ranks(const Ranks& ranks);                                // within [1, those of max_form()]
  // Ablation of technique 1: takes random entries along each rank axis, drawn from `seed`, instead of the first; until
  // the next set_ranks.
  void scatter_ranks(std::uint64_t seed);
  // Scales W' by sqrt(variance / Var W') (technique 4); 0 switches it off.
  void set_target_variance(double variance) { target_variance_ = variance; }
  double target_variance() const { return target_variance_; }

  // W' [out, in] at the active ranks, scaled when a target variance is set.
  at::Tensor weight() const;
  // Multiply-accumulates of the two ways to compute `rows` rows: along the contraction path of fewest, or through W'.
  // forward takes the smaller one.
  std::int64_t macs_by_path(std::int64_t rows) const;
  std::int64_t macs_by_reconstruction(std::int64_t rows) const;
  // The layer cut to its active ranks, with the scale of the target variance folded in.
  std::unique_ptr<FactorizedLinear> cut() const;

  at::Tensor bias;

 private:
  // How `rows` rows are computed at given ranks; found once.
  struct Plan {
    bool reconstructs = false;
    spec::ContractionPath path;  // over x and the cores, where it does not
  };
  const Plan& plan_for(std::int64_t rows);

  std::vector<IndexedTensor> active() const;  // cores at the active ranks
  at::Tensor reconstruct() const;
  at::Tensor contract_along(const spec::ContractionPath& path, const at::Tensor& x) const;  // [rows, out], no bias

  Form form_;
  CoreNetwork network_;  // of form_
  Ranks ranks_;
  std::vector<at::Tensor> cores_;
  std::vector<at::Tensor> entries_;  // indices along each rank axis; empty: the first ones
  double target_variance_ = 0;
  std::map<std::pair<std::int64_t, Ranks>, Plan> plans_;
};

}  // namespace heat::offline
