// Our rank rules. Tucker: dropping entries of the HOSVD core loses exactly their energy, so a cumulative sum over the
// squared core gives the error of every rank tuple, and all tuples within the budget are compared. TTM: the squared
// error is at most the sum of the tails of the unfoldings' singular values (Oseledets 2011, theorem 2.2); the cut with
// the largest gain per parameter grows first.
#include <algorithm>
#include <cmath>

#include "base/errors.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/rank_rules.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

std::int64_t budget_of(const TensorShape& shape, double ratio) {
  if (!(ratio > 0) || !std::isfinite(ratio))
    throw base::ConfigError("ratio " + std::to_string(ratio) + ": expected above 0");
  return static_cast<std::int64_t>(std::floor(ratio * static_cast<double>(shape.elements())));
}

RankChoice choice_of(Method method, const TensorShape& shape, Modes ranks, std::int64_t budget) {
  const std::int64_t params = parameter_count(method, shape, ranks);
  if (params > budget)
    throw base::ConfigError(std::string("no ") + method_name(method) + " rank of shape " + shape_text(shape, method) +
                            " fits " + std::to_string(budget) + " parameters: rank 1 needs " + std::to_string(params));
  return {std::move(ranks), params, static_cast<double>(params) / static_cast<double>(shape.elements())};
}

std::int64_t largest_component_count(Method method, const TensorShape& shape, std::int64_t budget) {
  std::int64_t rank = std::max<std::int64_t>(1, budget / parameter_count(method, shape, {1}));
  if (method == Method::kSvd) rank = std::min({rank, shape.rows(), shape.cols()});
  return rank;
}

Modes fitting_tucker(const TensorShape& shape, std::int64_t budget) {
  const Modes modes = shape.modes();
  const auto at = [&](double fraction) {
    Modes ranks;
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
  if (parameter_count(Method::kTucker, shape, at(high)) <= budget) return at(high);
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (parameter_count(Method::kTucker, shape, at(middle)) <= budget ? low : high) = middle;
  }
  return at(low);
}

Modes uniform_ttm(const TensorShape& shape, std::int64_t rank) {
  Modes ranks(shape.row_modes.size() + 1, rank);
  ranks.front() = ranks.back() = 1;
  return feasible_ranks(ranks, Method::kTtm, shape);
}

Modes fitting_ttm(const TensorShape& shape, std::int64_t budget) {
  std::int64_t low = 1, high = shape.elements();
  while (low + 1 < high) {
    const std::int64_t middle = low + (high - low) / 2;
    (parameter_count(Method::kTtm, shape, uniform_ttm(shape, middle)) <= budget ? low : high) = middle;
  }
  return uniform_ttm(shape, low);
}

// sums[i0, i1, ...] becomes the sum over the box [0..i0] x [0..i1] x ...
void accumulate_boxes(std::vector<double>& sums, const Modes& dims) {
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
std::vector<double> tucker_energies(std::span<const double> w, const TensorShape& shape, int threads) {
  const Modes modes = shape.modes();
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
Modes best_tucker(const std::vector<double>& energies, const TensorShape& shape, std::int64_t budget) {
  const Modes modes = shape.modes();
  Modes index(modes.size(), 0), best(modes.size(), 1);
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

// The singular values of the cut before core k, k = 1 ... cores - 1.
std::vector<std::vector<double>> ttm_values(std::span<const double> w, const TensorShape& shape, int threads) {
  const std::size_t cores = shape.row_modes.size();
  std::vector<std::size_t> axes;
  for (std::size_t k = 0; k < cores; ++k) axes.insert(axes.end(), {k, cores + k});
  const Tensor chain = permute(w, shape.modes(), axes);
  std::vector<std::vector<double>> values(cores + 1);
  std::int64_t left = 1;
  for (std::size_t k = 1; k < cores; ++k) {
    left *= shape.row_modes[k - 1] * shape.col_modes[k - 1];
    const std::int64_t right = shape.elements() / left;
    values[k] = leading_triplets(row_major(chain.data.data(), left, right), std::min(left, right), threads).values;
  }
  return values;
}

Modes greedy_ttm(const std::vector<std::vector<double>>& values, const TensorShape& shape, std::int64_t budget) {
  const std::size_t cores = shape.row_modes.size();
  Modes ranks(cores + 1, 1);
  while (true) {
    std::size_t grown = 0;
    double best_gain = 0;
    const std::int64_t now = parameter_count(Method::kTtm, shape, ranks);
    for (std::size_t k = 1; k < cores; ++k) {
      Modes next = ranks;
      ++next[k];
      if (next[k] > static_cast<std::int64_t>(values[k].size()) || feasible_ranks(next, Method::kTtm, shape) != next)
        continue;
      const std::int64_t params = parameter_count(Method::kTtm, shape, next);
      const double value = values[k][static_cast<std::size_t>(ranks[k])];
      if (params <= budget && value * value / static_cast<double>(params - now) > best_gain) {
        best_gain = value * value / static_cast<double>(params - now);
        grown = k;
      }
    }
    if (grown == 0) return ranks;
    ++ranks[grown];
  }
}

}  // namespace

RankChoice fitting_ranks(Method method, const TensorShape& shape, double ratio) {
  const std::int64_t budget = budget_of(shape, ratio);
  switch (method) {
    case Method::kCp:
    case Method::kSvd:
      return choice_of(method, shape, {largest_component_count(method, shape, budget)}, budget);
    case Method::kTucker:
      return choice_of(method, shape, fitting_tucker(shape, budget), budget);
    case Method::kTtm:
      return choice_of(method, shape, fitting_ttm(shape, budget), budget);
  }
  throw std::logic_error("unknown decomposition method");
}

RankPlanner::RankPlanner(std::span<const double> w, Method method, TensorShape shape, int threads)
    : w_(w), method_(method), shape_(std::move(shape)), threads_(threads) {
  HEAT_CHECK(static_cast<std::int64_t>(w.size()) == shape_.elements(), "matrix and shape differ in size");
  if (method == Method::kTucker) tucker_energies_ = tucker_energies(w, shape_, threads);
  if (method == Method::kTtm) ttm_values_ = ttm_values(w, shape_, threads);
}

RankChoice RankPlanner::within(double ratio) const {
  const std::int64_t budget = budget_of(shape_, ratio);
  if (method_ == Method::kTucker)
    return choice_of(method_, shape_, best_tucker(tucker_energies_, shape_, budget), budget);
  const RankChoice equal = fitting_ranks(method_, shape_, ratio);
  if (method_ != Method::kTtm) return equal;
  const RankChoice greedy = choice_of(method_, shape_, greedy_ttm(ttm_values_, shape_, budget), budget);
  if (shape_.row_modes.size() < 3 || greedy.ranks == equal.ranks) return greedy;
  DecomposeOptions options;
  options.threads = threads_;
  const auto error = [&](const RankChoice& c) {
    return decompose(w_, method_, shape_, c.ranks, options).relative_error;
  };
  return error(greedy) <= error(equal) ? greedy : equal;
}

RankChoice best_ranks(std::span<const double> w, Method method, const TensorShape& shape, double ratio, int threads) {
  return RankPlanner(w, method, shape, threads).within(ratio);
}

}  // namespace heat::offline
