// TT-SVD (Oseledets 2011, algorithm 1) on the matrix whose axes are reordered to (i1 j1)(i2 j2)...: each pass splits
// one mode pair off by a truncated SVD and carries diag(values) * right on.
#include "offline/decompose/methods.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {

MethodResult decompose_ttm(const MethodInput& input) {
  const auto& rows = input.shape.row_modes;
  const auto& cols = input.shape.col_modes;
  const std::size_t count = rows.size();
  std::vector<std::size_t> axes;
  for (std::size_t k = 0; k < count; ++k) axes.insert(axes.end(), {k, count + k});
  std::vector<double> rest = permute(input.w, input.shape.modes(), axes).data;

  MethodResult result;
  for (std::size_t k = 0; k + 1 < count; ++k) {
    const std::int64_t left = input.ranks[k], rank = input.ranks[k + 1];
    const std::int64_t height = left * rows[k] * cols[k], width = static_cast<std::int64_t>(rest.size()) / height;
    LeadingTriplets t = leading_triplets(row_major(rest.data(), height, width), rank, input.options.threads);
    for (std::int64_t r = 0; r < rank; ++r)
      for (std::int64_t j = 0; j < width; ++j)
        t.right[static_cast<std::size_t>(r * width + j)] *= t.values[static_cast<std::size_t>(r)];
    result.cores.push_back({"core" + std::to_string(k), {left, rows[k], cols[k], rank}, std::move(t.left)});
    rest = std::move(t.right);
  }
  const std::size_t last = count - 1;
  result.cores.push_back(
      {"core" + std::to_string(last), {input.ranks[last], rows[last], cols[last], 1}, std::move(rest)});
  return result;
}

}  // namespace heat::offline
