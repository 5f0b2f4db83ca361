// Index arithmetic of strided views, shared by the evaluators and the quantiser.
#include "offline/schedule/network.h"

#include <algorithm>
#include <cmath>

#include "base/config_reader.h"

namespace heat::offline {

Activation activation_from_name(const std::string& name) {
  if (name == "none") return Activation::kNone;
  if (name == "gelu") return Activation::kGelu;
  if (name == "gelu_new") return Activation::kGeluTanh;
  if (name == "relu") return Activation::kRelu;
  const auto near = base::nearest_word(name, {"none", "gelu", "gelu_new", "relu"});
  throw base::ConfigError("unknown activation '" + name + "'" + (near ? ", did you mean '" + *near + "'?" : "") +
                          " (known: none, gelu, gelu_new, relu)");
}

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x * M_SQRT1_2));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return std::max(x, 0.0);
  }
  throw std::logic_error("activation out of range");
}

bool Network::has_weights() const {
  for (std::size_t t = 0; t < schedule.tensors.size(); ++t)
    if (schedule.tensors[t].kind == spec::TensorKind::kWeight && weights[t].empty()) return false;
  return true;
}

std::vector<std::int64_t> group_offsets(const spec::TensorView& view, const std::vector<spec::Index>& group) {
  std::vector<std::int64_t> offsets{0};
  for (const spec::Index& index : group) {
    const auto dim =
        std::find_if(view.dims.begin(), view.dims.end(), [&](const spec::ViewDim& d) { return d.index == index; });
    HEAT_CHECK(dim != view.dims.end(), "view has no index " + index);
    std::vector<std::int64_t> next;
    next.reserve(offsets.size() * static_cast<std::size_t>(dim->size));
    for (std::int64_t offset : offsets)
      for (std::int64_t value = 0; value < dim->size; ++value) next.push_back(offset + value * dim->stride);
    offsets = std::move(next);
  }
  return offsets;
}

std::int64_t channel_count(const spec::GemmNode& gemm) {
  const std::int64_t rows = gemm.epilogue.channels_include_batch ? gemm.extents.b * gemm.extents.m : gemm.extents.m;
  return rows * gemm.epilogue.n_channels;
}

}  // namespace heat::offline
