// Index groups come from spec::gemm_indices; a view lists an operand's dims in the order b, then m or n, then k.
#include "offline/schedule/batched_gemm.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::offline {
namespace {

using spec::Index;

std::int64_t product(const std::vector<Index>& indices, const std::map<Index, std::int64_t>& sizes) {
  std::int64_t p = 1;
  for (const Index& i : indices) p *= sizes.at(i);
  return p;
}

spec::TensorView view_of(const GemmOperand& operand, const std::map<Index, std::int64_t>& sizes,
                         std::initializer_list<const std::vector<Index>*> groups) {
  const auto strides = operand.strides.empty() ? dense_strides(operand.indices, sizes) : operand.strides;
  HEAT_CHECK(strides.size() == operand.indices.size(), "one stride an index");
  spec::TensorView view;
  view.tensor = operand.tensor;
  for (const auto* group : groups)
    for (const Index& i : *group) {
      const auto at = std::find(operand.indices.begin(), operand.indices.end(), i) - operand.indices.begin();
      view.dims.push_back({i, sizes.at(i), strides[static_cast<std::size_t>(at)]});
    }
  return view;
}

}  // namespace

std::vector<std::int64_t> dense_strides(const std::vector<Index>& indices, const std::map<Index, std::int64_t>& sizes) {
  std::vector<std::int64_t> strides(indices.size());
  std::int64_t stride = 1;
  for (std::size_t i = indices.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= sizes.at(indices[i]);
  }
  return strides;
}

spec::GemmNode batched_gemm(const GemmOperand& weight, const GemmOperand& input, const GemmOperand& output,
                            const std::map<Index, std::int64_t>& sizes) {
  spec::GemmNode node;
  node.indices = spec::gemm_indices(weight.indices, input.indices, output.indices);
  const auto& g = node.indices;
  node.extents = {product(g.b, sizes), product(g.m, sizes), product(g.n, sizes), product(g.k, sizes)};
  node.weight = view_of(weight, sizes, {&g.b, &g.m, &g.k});
  node.input = view_of(input, sizes, {&g.b, &g.n, &g.k});
  node.output = view_of(output, sizes, {&g.b, &g.m, &g.n});
  return node;
}

}  // namespace heat::offline
