// Index groups come from spec::gemm_indices; a view lists an operand's dims in the order b, then m or n, then k.
#include "offline/schedule/batched_gemm.h"

#include <algorithm>

#include "base/checked.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

using spec::Index;

// MACs of a GEMM that the cost model can still count: cycles, bytes and words are small multiples of them.
constexpr std::int64_t kMostMacs = std::int64_t{1} << 53;

std::int64_t product(const std::vector<Index>& indices, const std::map<Index, std::int64_t>& sizes) {
  std::int64_t p = 1;
  for (const Index& i : indices) p = base::checked_multiply(p, sizes.at(i), "index '" + i + "' of a GEMM");
  return p;
}

void check_macs(const spec::Extents& e) {
  const std::string text =
      std::to_string(e.b) + " x " + std::to_string(e.m) + " x " + std::to_string(e.n) + " x " + std::to_string(e.k);
  const std::string what = "GEMM of b x m x n x k = " + text;
  const std::int64_t macs = base::checked_product({e.b, e.m, e.n, e.k}, what);
  if (macs > kMostMacs) throw base::ConfigError(what + ": " + std::to_string(macs) + " MACs, expected at most 2^53");
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
    stride = base::checked_multiply(stride, sizes.at(indices[i]), "index '" + indices[i] + "' of a tensor");
  }
  return strides;
}

spec::GemmNode batched_gemm(const GemmOperand& weight, const GemmOperand& input, const GemmOperand& output,
                            const std::map<Index, std::int64_t>& sizes) {
  spec::GemmNode node;
  node.indices = spec::gemm_indices(weight.indices, input.indices, output.indices);
  const auto& g = node.indices;
  node.extents = {product(g.b, sizes), product(g.m, sizes), product(g.n, sizes), product(g.k, sizes)};
  check_macs(node.extents);
  node.weight = view_of(weight, sizes, {&g.b, &g.m, &g.k});
  node.input = view_of(input, sizes, {&g.b, &g.n, &g.k});
  node.output = view_of(output, sizes, {&g.b, &g.m, &g.n});
  return node;
}

}  // namespace heat::offline
