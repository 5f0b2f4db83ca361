// Tensor-train matrix by TT-SVD (Oseledets 2011, algorithm 1) on the matrix whose axes are reordered to (i1 j1)(i2
// j2)...: a train over the mode pairs.
#include <algorithm>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"
#include "offline/decompose/tensorly_ranks.h"
#include "offline/decompose/tt_svd.h"

namespace heat::offline {
namespace {

// The axes of the matrix in the order of the train.
Tensor chain_of(std::span<const double> w, const TensorShape& shape) {
  const std::size_t cores = shape.row_modes.size();
  std::vector<std::size_t> axes;
  for (std::size_t k = 0; k < cores; ++k) axes.insert(axes.end(), {k, cores + k});
  return permute(w, shape.modes(), axes);
}

Ranks uniform(const Method& method, const TensorShape& shape, std::int64_t rank) {
  Ranks ranks(shape.row_modes.size() + 1, rank);
  ranks.front() = ranks.back() = 1;
  return method.feasible_ranks(ranks, shape);
}

// The squared error is at most the sum of the tails of the unfoldings' singular values (Oseledets 2011, theorem 2.2):
// the cut with the largest gain per parameter grows first.
class TrainSearch : public RankSearch {
 public:
  TrainSearch(const Method& method, std::span<const double> w, TensorShape shape, int threads)
      : method_(method), w_(w), shape_(std::move(shape)), threads_(threads) {
    const std::size_t cores = shape_.row_modes.size();
    const Tensor chain = chain_of(w, shape_);
    values_.resize(cores + 1);
    std::int64_t left = 1;
    for (std::size_t k = 1; k < cores; ++k) {
      left *= shape_.row_modes[k - 1] * shape_.col_modes[k - 1];
      const std::int64_t right = shape_.elements() / left;
      values_[k] = leading_triplets(row_major(chain.data.data(), left, right), std::min(left, right), threads).values;
    }
  }

  // Of equal and greedily grown ranks those of lower error; with one cut they grow alike.
  Ranks within(std::int64_t budget) const override {
    const Ranks equal = method_.fitting_ranks(shape_, budget), greedy = grown(budget);
    if (shape_.row_modes.size() < 3 || greedy == equal) return greedy;
    return error(greedy) <= error(equal) ? greedy : equal;
  }

 private:
  double error(const Ranks& ranks) const {
    DecomposeOptions options;
    options.threads = threads_;
    return heat::offline::decompose(w_, {method_.name(), shape_, ranks}, options).relative_error;
  }

  Ranks grown(std::int64_t budget) const {
    const std::size_t cores = shape_.row_modes.size();
    Ranks ranks(cores + 1, 1);
    while (true) {
      std::size_t grown = 0;
      double best_gain = 0;
      const std::int64_t now = parameter_count({method_.name(), shape_, ranks});
      for (std::size_t k = 1; k < cores; ++k) {
        Ranks next = ranks;
        ++next[k];
        if (next[k] > static_cast<std::int64_t>(values_[k].size()) || method_.feasible_ranks(next, shape_) != next)
          continue;
        const std::int64_t params = parameter_count({method_.name(), shape_, next});
        const double value = values_[k][static_cast<std::size_t>(ranks[k])];
        if (params <= budget && value * value / static_cast<double>(params - now) > best_gain) {
          best_gain = value * value / static_cast<double>(params - now);
          grown = k;
        }
      }
      if (grown == 0) return ranks;
      ++ranks[grown];
    }
  }

  const Method& method_;
  std::span<const double> w_;
  TensorShape shape_;
  int threads_;
  std::vector<std::vector<double>> values_;  // singular values of the cut before core k, k = 1 ... cores - 1
};

class Ttm : public Method {
 public:
  const char* name() const override { return "ttm"; }
  MethodHelp help() const override { return {"24x32,24x32", "1,16,1", "r0 to rd"}; }
  Tensorization tensorization() const override { return Tensorization::kPaired; }
  bool is_papers() const override { return true; }
  bool splits_unevenly() const override { return true; }
  bool stays_above_dense_macs() const override { return true; }
  TensorLyRule tensorly_rule() const override { return TensorLyRule::kTrainMatrix; }

  // "core0" [r_0, m_0, n_0, r_1], "core1" [r_1, m_1, n_1, r_2] ...
  CoreNetwork network(const TensorShape& shape, const Ranks& ranks) const override {
    CoreNetwork network;
    const std::size_t cores = shape.row_modes.size();
    for (std::size_t k = 0; k < cores; ++k)
      network.cores.push_back({"core" + std::to_string(k),
                               {rank_axis("r" + std::to_string(k), ranks, k), mode_axis(shape, k),
                                mode_axis(shape, cores + k), rank_axis("r" + std::to_string(k + 1), ranks, k + 1)}});
    return network;
  }

  // Bounded by the sizes left and right of the cut, from the left as TT-SVD finds them.
  Ranks feasible_ranks(const Ranks& requested, const TensorShape& shape) const override {
    const std::size_t cores = shape.row_modes.size();
    require_count(requested, cores + 1, "r0 to rd");
    if (requested.front() != 1 || requested.back() != 1) reject(requested, "the first and the last must be 1");
    Ranks ranks = requested;
    std::int64_t right = shape.elements();
    for (std::size_t k = 0; k + 1 < cores; ++k) {
      const std::int64_t mode = shape.row_modes[k] * shape.col_modes[k];
      right /= mode;
      ranks[k + 1] = std::min({ranks[k + 1], ranks[k] * mode, right});
    }
    return ranks;
  }

  // Equal ranks.
  Ranks fitting_ranks(const TensorShape& shape, std::int64_t budget) const override {
    return uniform(*this, shape, largest_rank(shape.elements() - 1, [&](std::int64_t rank) {
      return parameter_count({name(), shape, uniform(*this, shape, rank)}) <= budget;
    }));
  }

  std::unique_ptr<RankSearch> rank_search(std::span<const double> w, const TensorShape& shape,
                                          int threads) const override {
    return std::make_unique<TrainSearch>(*this, w, shape, threads);
  }

  MethodResult decompose(std::span<const double> w, const Form& form, const DecomposeOptions& options) const override {
    const auto& rows = form.shape.row_modes;
    const auto& cols = form.shape.col_modes;
    std::vector<std::int64_t> pairs;
    for (std::size_t k = 0; k < rows.size(); ++k) pairs.push_back(rows[k] * cols[k]);
    auto cores = tt_svd(chain_of(w, form.shape).data, pairs, form.ranks, options.threads);
    MethodResult result;
    result.kept = squared_norm(cores.back());
    for (std::size_t k = 0; k < cores.size(); ++k)
      result.cores.push_back(
          {"core" + std::to_string(k), {form.ranks[k], rows[k], cols[k], form.ranks[k + 1]}, std::move(cores[k])});
    return result;
  }
};

}  // namespace

const Method& ttm_method() {
  static const Ttm method;
  return method;
}

}  // namespace heat::offline
