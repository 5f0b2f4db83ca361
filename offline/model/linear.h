// The linear map of a LibTorch model as an interface, and its dense form; factorized_linear.h has the tensor-decomposed
// one.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace heat::offline {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// A linear map x [..., in] -> [..., out].
class Linear {
 public:
  virtual ~Linear() = default;
  virtual at::Tensor forward(const at::Tensor& x) = 0;
  // Appends the trained tensors under `prefix` ("...attention.self.query").
  virtual void collect(const std::string& prefix, NamedTensors& out) const = 0;
  virtual std::int64_t in_features() const = 0;
  virtual std::int64_t out_features() const = 0;
};

class DenseLinear : public Linear {
 public:
  DenseLinear(at::Tensor weight, at::Tensor bias);  // weight [out, in], bias [out]
  at::Tensor forward(const at::Tensor& x) override;
  void collect(const std::string& prefix, NamedTensors& out) const override;
  std::int64_t in_features() const override { return weight.size(1); }
  std::int64_t out_features() const override { return weight.size(0); }

  at::Tensor weight, bias;
};

// A float tensor [shape] drawn from a normal distribution truncated at two sigma; the same on every machine.
at::Tensor truncated_normal(at::IntArrayRef shape, double sigma, std::uint64_t seed);

}  // namespace heat::offline
