// Truncated singular value decomposition: the best order-2 approximation in the Frobenius norm (Eckart and Young 1936).
#include <algorithm>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"
#include "offline/decompose/tensorly_ranks.h"

namespace heat::offline {
namespace {

class Svd : public Method {
 public:
  const char* name() const override { return "svd"; }
  MethodHelp help() const override { return {"768x768", "153", "singular values"}; }
  Tensorization tensorization() const override { return Tensorization::kMatrix; }
  TensorLyRule tensorly_rule() const override { return TensorLyRule::kComponents; }

  // "row0" [rows, R], "col0" [cols, R]; weights [R] the singular values.
  CoreNetwork network(const TensorShape& shape, const Ranks& ranks) const override {
    const CoreAxis r = rank_axis("r", ranks, 0);
    return {{{factor_name(shape, 0), {mode_axis(shape, 0), r}}, {factor_name(shape, 1), {mode_axis(shape, 1), r}}},
            r.index};
  }

  Ranks feasible_ranks(const Ranks& ranks, const TensorShape& shape) const override {
    require_count(ranks, 1, "the number of singular values");
    const std::int64_t most = std::min(shape.rows(), shape.cols());
    if (ranks[0] > most) reject(ranks, "at most " + std::to_string(most) + " = min(rows, columns)");
    return ranks;
  }

  Ranks fitting_ranks(const TensorShape& shape, std::int64_t budget) const override {
    const std::int64_t rows = shape.rows(), cols = shape.cols();
    return {std::min({std::max<std::int64_t>(1, budget / (rows + cols)), rows, cols})};
  }

  MethodResult decompose(std::span<const double> w, const Form& form, const DecomposeOptions& options) const override {
    const std::int64_t rows = form.shape.rows(), cols = form.shape.cols(), rank = form.ranks[0];
    LeadingTriplets t = leading_triplets(row_major(w.data(), rows, cols), rank, options.threads);
    std::vector<double> right(t.right.size());
    for (std::int64_t r = 0; r < rank; ++r)
      for (std::int64_t j = 0; j < cols; ++j)
        right[static_cast<std::size_t>(j * rank + r)] = t.right[static_cast<std::size_t>(r * cols + j)];
    MethodResult result;
    result.cores.push_back({factor_name(form.shape, 0), {rows, rank}, std::move(t.left)});
    result.cores.push_back({factor_name(form.shape, 1), {cols, rank}, std::move(right)});
    result.kept = squared_norm(t.values);
    result.weights = std::move(t.values);
    return result;
  }
};

}  // namespace

const Method& svd_method() {
  static const Svd method;
  return method;
}

}  // namespace heat::offline
