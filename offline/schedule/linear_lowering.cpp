// Dense layers are one GEMM. Factorised ones: factor_einsum.h states the layer as an einsum of the cores, offline/path
// finds the contraction tree and which of its inputs are computed before the run, offline/mapper turns the tree into
// nodes.
#include "offline/schedule/linear_lowering.h"

#include <algorithm>
#include <set>

namespace heat::offline {
namespace {

std::vector<std::int64_t> sizes_of(const std::vector<spec::ViewDim>& dims) {
  std::vector<std::int64_t> sizes;
  for (const auto& d : dims) sizes.push_back(d.size);
  return sizes;
}

void lower_dense(NetworkBuilder& builder, const LinearForm& form, std::int64_t tokens, const ActivationLayout& input,
                 const ActivationLayout& output, Activation activation) {
  const int weight = builder.tensor(form.name + ".weight", spec::TensorKind::kWeight, {form.out, form.in}, form.weight);
  spec::GemmNode g;
  g.indices.n = {"t"};
  g.weight.tensor = weight;
  g.input = {input.tensor, {{"t", tokens, input.token_stride}}};
  g.output.tensor = output.tensor;
  std::int64_t stride = form.out * form.in;
  for (const auto& d : output.features) {
    g.indices.m.push_back(d.index);
    stride /= d.size;
    g.weight.dims.push_back({d.index, d.size, stride});
    g.output.dims.push_back(d);
  }
  g.output.dims.push_back({"t", tokens, output.token_stride});
  stride = form.in;
  for (const auto& d : input.features) {
    g.indices.k.push_back(d.index);
    stride /= d.size;
    g.weight.dims.push_back({d.index, d.size, stride});
    g.input.dims.push_back(d);
  }
  RealNode real;
  real.bias = form.bias;
  real.activation = activation;
  builder.gemm(form.name, form.name, std::move(g), std::move(real));
}

}  // namespace

ActivationLayout plain_layout(const spec::Schedule& schedule, int tensor, const spec::Index& index) {
  const auto& shape = schedule.tensors[static_cast<std::size_t>(tensor)].shape;
  HEAT_CHECK(shape.size() == 2, "a plain activation is [tokens, features]");
  return {tensor, shape[1], {{index, shape[1], 1}}};
}

// Suffix products are the places where digits end; the union of both must still be a chain of divisors.
std::optional<std::vector<std::int64_t>> common_refinement(const std::vector<std::int64_t>& x,
                                                           const std::vector<std::int64_t>& y) {
  std::set<std::int64_t> ends;
  for (const auto* digits : {&x, &y}) {
    std::int64_t product = 1;
    for (auto d = digits->rbegin(); d != digits->rend(); ++d) ends.insert(product *= *d);
  }
  ends.erase(1);
  std::vector<std::int64_t> refined;
  std::int64_t last = 1;
  for (std::int64_t end : ends) {
    if (end % last != 0) return std::nullopt;
    refined.push_back(end / last);
    last = end;
  }
  if (refined.empty()) refined.push_back(1);
  std::reverse(refined.begin(), refined.end());
  return refined;
}

bool can_write(const LinearForm& form, const std::vector<std::int64_t>& features) {
  return !form.factors || common_refinement(form.factors->shape.row_modes, features).has_value();
}

void lower_linear(NetworkBuilder& builder, const LinearForm& form, std::int64_t tokens, const ActivationLayout& input,
                  const ActivationLayout& output, Activation activation) {
  HEAT_CHECK(can_write(form, sizes_of(output.features)), form.name + ": factors do not split at the output's digits");
  if (!form.factors)
    lower_dense(builder, form, tokens, input, output, activation);
  else
    throw spec::ConfigError(form.name + ": not dense");
}

}  // namespace heat::offline
