// Initial weights come from a counter, so that they are the same on every machine.
#include "offline/model/linear.h"

#include <cmath>

#include "base/random.h"

namespace heat::offline {

at::Tensor truncated_normal(at::IntArrayRef shape, double sigma, std::uint64_t seed) {
  at::Tensor t = at::empty(shape, at::kFloat);
  float* out = t.data_ptr<float>();
  base::CounterRng rng(base::mix64(seed));
  for (std::int64_t i = 0; i < t.numel();) {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - rng.uniform()));
    const double value = radius * std::cos(6.283185307179586 * rng.uniform());
    if (std::abs(value) <= 2.0) out[i++] = static_cast<float>(value * sigma);
  }
  return t;
}

DenseLinear::DenseLinear(at::Tensor weight_in, at::Tensor bias_in)
    : weight(std::move(weight_in)), bias(std::move(bias_in)) {}

at::Tensor DenseLinear::forward(const at::Tensor& x) {
  return at::linear(x, weight, bias);
}

void DenseLinear::collect(const std::string& prefix, NamedTensors& out) const {
  out.emplace_back(prefix + ".weight", weight);
  out.emplace_back(prefix + ".bias", bias);
}

}  // namespace heat::offline
