// HOSVD and HOOI (hooi.h). A rank above the product of the others adds nothing: iterations run at the effective ranks, and the
// requested ones are filled with orthonormal columns and a zero border of the core at the end.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/hooi.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"
#include "offline/decompose/tensorly_ranks.h"

namespace heat::offline {
namespace {

constexpr int kDefaultIterations = 100;
constexpr double kDefaultTolerance = 3e-7;

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

std::int64_t values_of(const std::vector<std::int64_t>& modes, const Ranks& ranks) {
  std::int64_t count = product(ranks);
  for (std::size_t n = 0; n < modes.size(); ++n) count += modes[n] * ranks[n];
  return count;
}

// In proportion to the modes; ranks above the product of the others are not wasted.
Ranks proportional_ranks(const TensorShape& shape, std::int64_t budget) {
  const std::vector<std::int64_t> modes = shape.modes();
  const auto at = [&](double fraction) {
    Ranks ranks;
    for (std::int64_t m : modes)
      ranks.push_back(std::clamp<std::int64_t>(std::llround(fraction * static_cast<double>(m)), 1, m));
    for (std::size_t n = 0; n < ranks.size(); ++n) {
      std::int64_t others = 1;
      for (std::size_t k = 0; k < ranks.size(); ++k)
        if (k != n) others = std::min(modes[n], others * ranks[k]);
      ranks[n] = std::min(ranks[n], others);
    }
    return ranks;
  };
  double low = 0, high = 1;
  if (values_of(modes, at(high)) <= budget) return at(high);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (values_of(modes, at(middle)) <= budget ? low : high) = middle;
  }
  return at(low);
}

// sums[i0, i1, ...] becomes the sum over the box [0..i0] x [0..i1] x ...
void accumulate_boxes(std::vector<double>& sums, const std::vector<std::int64_t>& dims) {
  std::int64_t right = static_cast<std::int64_t>(sums.size());
  for (std::int64_t dim : dims) {
    const std::int64_t left = static_cast<std::int64_t>(sums.size()) / right;
    right /= dim;
    for (std::int64_t l = 0; l < left; ++l)
      for (std::int64_t i = 1; i < dim; ++i)
        for (std::int64_t r = 0; r < right; ++r)
          sums[static_cast<std::size_t>((l * dim + i) * right + r)] +=
              sums[static_cast<std::size_t>((l * dim + i - 1) * right + r)];
  }
}

// Energy of W in the leading box of the HOSVD core, for every tuple of ranks (minus one).
std::vector<double> box_energies(std::span<const double> w, const TensorShape& shape, int threads) {
  const std::vector<std::int64_t> modes = shape.modes();
  Tensor core{modes, {w.begin(), w.end()}};
  for (std::size_t n = 0; n < modes.size(); ++n) {
    const Tensor flat = unfold(w, modes, n);
    const std::vector<double> basis =
        leading_left_vectors(row_major(flat.data.data(), modes[n], flat.dims[1]), modes[n], threads);
    core = mode_product(core, n, basis.data(), modes[n], threads);
  }
  for (double& v : core.data) v *= v;
  accumulate_boxes(core.data, modes);
  return std::move(core.data);
}

// Tries every tuple of the leading ranks with the largest last rank that fits.
Ranks best_ranks_of(const std::vector<double>& energies, const TensorShape& shape, std::int64_t budget) {
  const std::vector<std::int64_t> modes = shape.modes();
  std::vector<std::int64_t> index(modes.size(), 0);
  Ranks best(modes.size(), 1);
  double best_kept = -1;
  const std::size_t last = modes.size() - 1;
  while (true) {
    std::int64_t fixed = 0, per_last = modes[last], lead = 1;
    for (std::size_t n = 0; n < last; ++n) {
      fixed += modes[n] * (index[n] + 1);
      lead *= index[n] + 1;
    }
    per_last += lead;
    if (fixed + per_last <= budget) {
      index[last] = std::min(modes[last], (budget - fixed) / per_last) - 1;
      std::int64_t at = 0;
      for (std::size_t k = 0; k < modes.size(); ++k) at = at * modes[k] + index[k];
      if (const double kept = energies[static_cast<std::size_t>(at)]; kept > best_kept) {
        best_kept = kept;
        for (std::size_t k = 0; k < modes.size(); ++k) best[k] = index[k] + 1;
      }
    }
    std::size_t k = last;
    while (k > 0 && ++index[k - 1] == modes[k - 1]) index[--k] = 0;
    if (k == 0) return best;
  }
}

// Dropping entries of the HOSVD core loses exactly their energy, so a cumulative sum over the squared core gives the
// error of every rank tuple, and all tuples within the budget are compared.
class BoxSearch : public RankSearch {
 public:
  BoxSearch(std::span<const double> w, TensorShape shape, int threads)
      : shape_(std::move(shape)), energies_(box_energies(w, shape_, threads)) {}
  Ranks within(std::int64_t budget) const override { return best_ranks_of(energies_, shape_, budget); }

 private:
  TensorShape shape_;
  std::vector<double> energies_;
};

class Tucker : public Method {
 public:
  const char* name() const override { return "tucker"; }
  MethodHelp help() const override { return {"768x12x64", "150,12,64", "one a mode"}; }
  bool is_papers() const override { return true; }
  TensorLyRule tensorly_rule() const override { return TensorLyRule::kMultilinear; }

  // "core" [r_0, ..., r_d-1], then "row0" [m_0, r_0] ... "col0" [n_0, r_k] ... (orthonormal columns).
  CoreNetwork network(const TensorShape& shape, const Ranks& ranks) const override {
    CoreNetwork network;
    CoreShape core{"core", {}};
    for (std::size_t n = 0; n < shape.order(); ++n)
      core.axes.push_back(rank_axis(numbered(shape, n, "p", "q"), ranks, n));
    network.cores.push_back(core);
    for (std::size_t n = 0; n < shape.order(); ++n)
      network.cores.push_back({factor_name(shape, n), {mode_axis(shape, n), core.axes[n]}});
    return network;
  }

  Ranks feasible_ranks(const Ranks& ranks, const TensorShape& shape) const override {
    const std::vector<std::int64_t> modes = shape.modes();
    require_count(ranks, modes.size(), "one a mode");
    for (std::size_t n = 0; n < modes.size(); ++n)
      if (ranks[n] > modes[n])
        reject(ranks, "rank " + std::to_string(ranks[n]) + " of mode " + std::to_string(n) + " is above its size " +
                          std::to_string(modes[n]));
    return ranks;
  }

  Ranks fitting_ranks(const TensorShape& shape, std::int64_t budget) const override {
    return proportional_ranks(shape, budget);
  }

  std::unique_ptr<RankSearch> rank_search(std::span<const double> w, const TensorShape& shape,
                                          int threads) const override {
    return std::make_unique<BoxSearch>(w, shape, threads);
  }

  MethodResult decompose(std::span<const double> w, const Form& form, const DecomposeOptions& options) const override;
};

MethodResult Tucker::decompose(std::span<const double> w, const Form& form, const DecomposeOptions& options) const {
  const std::vector<std::int64_t> modes = form.shape.modes();
  const Ranks ranks = effective_ranks(form.ranks);
  Hooi hooi(w, modes, ranks, options.threads);
  const double norm2 = squared_norm(w);
  const int limit = options.max_iterations > 0 ? options.max_iterations : kDefaultIterations;
  const double tolerance = options.tolerance > 0 ? options.tolerance : kDefaultTolerance;
  MethodResult result;
  double before = 2.0;
  for (result.iterations = 1;; ++result.iterations) {
    const double kept = hooi.sweep();
    const double error = norm2 > 0 ? std::sqrt(std::max(0.0, 1.0 - kept / norm2)) : 0.0;
    if (before - error < tolerance || result.iterations == limit) break;
    before = error;
  }
  hooi.order_components();
  result.kept = squared_norm(hooi.core().data);
  result.cores.push_back({"core", form.ranks, with_zero_border(hooi.core(), form.ranks)});
  for (std::size_t n = 0; n < modes.size(); ++n) {
    std::vector<double> factor = ranks[n] == form.ranks[n]
                                     ? std::move(hooi.factors()[n])
                                     : complete_basis(hooi.factors()[n], modes[n], ranks[n], form.ranks[n]);
    result.cores.push_back({factor_name(form.shape, n), {modes[n], form.ranks[n]}, std::move(factor)});
  }
  return result;
}

}  // namespace

const Method& tucker_method() {
  static const Tucker method;
  return method;
}

}  // namespace heat::offline
