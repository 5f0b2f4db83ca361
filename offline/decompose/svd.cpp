// Truncated singular value decomposition: the best order-2 approximation in the Frobenius norm (Eckart and Young 1936).
#include "offline/decompose/methods.h"
#include "offline/decompose/spectral.h"

namespace heat::offline {

MethodResult decompose_svd(const MethodInput& input) {
  const std::int64_t rows = input.shape.rows(), cols = input.shape.cols(), rank = input.ranks[0];
  LeadingTriplets t = leading_triplets(row_major(input.w.data(), rows, cols), rank, input.options.threads);
  std::vector<double> right(t.right.size());
  for (std::int64_t r = 0; r < rank; ++r)
    for (std::int64_t j = 0; j < cols; ++j)
      right[static_cast<std::size_t>(j * rank + r)] = t.right[static_cast<std::size_t>(r * cols + j)];
  MethodResult result;
  result.cores.push_back({"row0", {rows, rank}, std::move(t.left)});
  result.cores.push_back({"col0", {cols, rank}, std::move(right)});
  result.weights = std::move(t.values);
  return result;
}

}  // namespace heat::offline
