// HOSVD (De Lathauwer, De Moor, Vandewalle 2000a) as the start, HOOI (2000b) as the refinement: mode by mode, the
// factor becomes the leading left vectors of W projected on all other factors; ||W - W'||^2 = ||W||^2 - ||core||^2
// never rises. A rank above the product of the others adds nothing: iterations run at the effective ranks, and the
// requested ones are filled with orthonormal columns and a zero border of the core at the end.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "offline/decompose/methods.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

constexpr int kDefaultIterations = 100;
constexpr double kDefaultTolerance = 1e-7;

// The HOOI state: factors [mode, rank] row-major.
class Hooi {
 public:
  Hooi(const MethodInput& input, std::vector<std::int64_t> ranks)
      : w_{input.shape.modes(), {input.w.begin(), input.w.end()}},
        ranks_(std::move(ranks)),
        threads_(input.options.threads) {
    for (std::size_t n = 0; n < ranks_.size(); ++n) factors_.push_back(leading_of(w_, n));
  }

  // Updates every factor once; returns the core's squared norm.
  double sweep() {
    Tensor projected;
    for (std::size_t n = 0; n < ranks_.size(); ++n) {
      projected = project_all_but(n);
      if (ranks_[n] < w_.dims[n]) factors_[n] = leading_of(projected, n);
    }
    const std::size_t last = ranks_.size() - 1;
    core_ = mode_product(projected, last, factors_[last].data(), ranks_[last], threads_);
    return squared_norm(core_.data);
  }

  const Tensor& core() const { return core_; }
  std::vector<std::vector<double>>& factors() { return factors_; }

 private:
  // Projects the mode that shrinks most first: the rest then works on less.
  Tensor project_all_but(std::size_t skipped) const {
    std::vector<std::size_t> order;
    for (std::size_t n = 0; n < ranks_.size(); ++n)
      if (n != skipped) order.push_back(n);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return ranks_[a] * w_.dims[b] < ranks_[b] * w_.dims[a]; });
    Tensor t;
    bool first = true;
    for (std::size_t n : order) {
      t = mode_product(first ? w_ : t, n, factors_[n].data(), ranks_[n], threads_);
      first = false;
    }
    return first ? w_ : t;
  }

  std::vector<double> leading_of(const Tensor& tensor, std::size_t mode) const {
    const std::int64_t dim = tensor.dims[mode];
    const Tensor unfolded = unfold(tensor.data, tensor.dims, mode);
    return leading_left_vectors(row_major(unfolded.data.data(), dim, unfolded.dims[1]), ranks_[mode], threads_);
  }

  Tensor w_;
  std::vector<std::int64_t> ranks_;
  std::vector<std::vector<double>> factors_;
  Tensor core_;
  int threads_;
};

std::vector<std::int64_t> effective_ranks(std::vector<std::int64_t> ranks) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t n = 0; n < ranks.size(); ++n) {
      std::int64_t others = 1;
      for (std::size_t k = 0; k < ranks.size(); ++k)
        if (k != n) others = others > ranks[n] ? others : others * ranks[k];
      if (ranks[n] > others) {
        ranks[n] = others;
        changed = true;
      }
    }
  }
  return ranks;
}

// `small` in the corner of a zero tensor of shape `dims`.
std::vector<double> with_zero_border(const Tensor& small, const std::vector<std::int64_t>& dims) {
  std::vector<double> out(static_cast<std::size_t>(product(dims)), 0.0);
  std::vector<std::int64_t> index(dims.size(), 0);
  for (double value : small.data) {
    std::int64_t at = 0;
    for (std::size_t k = 0; k < dims.size(); ++k) at = at * dims[k] + index[k];
    out[static_cast<std::size_t>(at)] = value;
    for (std::size_t k = dims.size(); k-- > 0;) {
      if (++index[k] < small.dims[k]) break;
      index[k] = 0;
    }
  }
  return out;
}

}  // namespace

MethodResult decompose_tucker(const MethodInput& input) {
  const std::vector<std::int64_t> modes = input.shape.modes();
  const std::vector<std::int64_t> ranks = effective_ranks(input.ranks);
  Hooi hooi(input, ranks);
  const double norm2 = squared_norm(input.w);
  const int limit = input.options.max_iterations > 0 ? input.options.max_iterations : kDefaultIterations;
  const double tolerance = input.options.tolerance > 0 ? input.options.tolerance : kDefaultTolerance;
  MethodResult result;
  double before = 2.0;
  for (result.iterations = 1;; ++result.iterations) {
    const double kept = hooi.sweep();
    const double error = norm2 > 0 ? std::sqrt(std::max(0.0, 1.0 - kept / norm2)) : 0.0;
    if (before - error < tolerance || result.iterations == limit) break;
    before = error;
  }
  result.cores.push_back({"core", input.ranks, with_zero_border(hooi.core(), input.ranks)});
  for (std::size_t n = 0; n < modes.size(); ++n) {
    std::vector<double> factor = ranks[n] == input.ranks[n]
                                     ? std::move(hooi.factors()[n])
                                     : complete_basis(hooi.factors()[n], modes[n], ranks[n], input.ranks[n]);
    result.cores.push_back({factor_name(input.shape, n), {modes[n], input.ranks[n]}, std::move(factor)});
  }
  return result;
}

}  // namespace heat::offline
