// Tensor ring (Zhao, Zhou, Xie, Zhang, Cichocki 2016, "Tensor ring decomposition"): a train whose ends are tied, by
// alternating least squares (algorithm 2) from TR-SVD (algorithm 1). Both see the ring as two halves, the cores of the row
// modes and those of the column modes, which meet at two bonds: a ring of one row and one column mode is the truncated SVD.
// At the end the bonds' components are put in order, so that the leading ones are what a smaller rank keeps.
#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/ring.h"
#include "offline/decompose/tensorly_ranks.h"

namespace heat::offline {
namespace {

constexpr int kDefaultIterations = 100;
constexpr double kDefaultTolerance = 1e-6;

// The largest rank of bond k within a half whose outer bonds have the ranks `left` and `right`, as TT-SVD finds them.
std::int64_t inner_limit(const std::vector<std::int64_t>& modes, const RingHalf& half, std::size_t k, std::int64_t left,
                         std::int64_t right) {
  for (std::size_t n = half.begin; n < half.end; ++n) (n < k ? left : right) *= modes[n];
  return std::min(left, right);
}

// Ranks that fill the budget: r0 at bond 0, the inner bonds at a share of what TT-SVD could use, the border's as large
// as then fits.
Ranks filling(const Method& method, const TensorShape& shape, std::int64_t budget, std::int64_t r0, double share) {
  const std::vector<std::int64_t> modes = shape.modes();
  const std::size_t border = shape.row_modes.size();
  const RingHalves halves(shape);
  const auto with = [&](std::int64_t rb) {
    Ranks ranks(modes.size(), r0);
    ranks[border] = rb;
    for (std::size_t k = 1; k < modes.size(); ++k) {
      if (k == border) continue;
      const std::int64_t limit =
          k < border ? inner_limit(modes, halves.rows, k, r0, rb) : inner_limit(modes, halves.cols, k, rb, r0);
      ranks[k] = std::max<std::int64_t>(1, std::llround(share * static_cast<double>(limit)));
    }
    return method.feasible_ranks(ranks, shape);
  };
  return with(largest_rank(std::min(shape.rows(), shape.cols()) / r0, [&](std::int64_t rb) {
    return parameter_count({method.name(), shape, with(rb)}) <= budget;
  }));
}

// Successive halving: rings of several closures and shapes get two sweeps, a third of them five, a ninth twelve. TR-SVD's
// own error says little of what the sweeps make of a ring.
class RingSearch : public RankSearch {
 public:
  RingSearch(const Method& method, std::span<const double> w, TensorShape shape, int threads)
      : method_(method), w_(w), shape_(std::move(shape)), threads_(threads) {
    const std::int64_t rows = shape_.rows(), cols = shape_.cols();
    triplets_ = leading_triplets(row_major(w.data(), rows, cols), std::min(rows, cols), threads);
  }

  Ranks within(std::int64_t budget) const override {
    std::vector<Ranks> contenders = rings_within(budget);
    Ring ring(w_, shape_, threads_);
    for (int sweeps : {2, 5, 12}) {
      if (contenders.size() == 1) break;
      std::vector<std::pair<double, Ranks>> scored;
      for (const Ranks& ranks : contenders) {
        ring.start(triplets_, ranks);
        for (int i = 0; i < sweeps; ++i) ring.sweep();
        scored.emplace_back(ring.lowest(), ranks);
      }
      std::sort(scored.begin(), scored.end());
      contenders.clear();
      const std::size_t stay = sweeps == 12 ? 1 : (scored.size() + 2) / 3;
      for (std::size_t i = 0; i < stay; ++i) contenders.push_back(scored[i].second);
    }
    return contenders.front();
  }

 private:
  std::vector<Ranks> rings_within(std::int64_t budget) const {
    std::set<Ranks> rings{method_.fitting_ranks(shape_, budget)};
    for (std::int64_t r0 = 1; r0 * r0 <= std::min(shape_.rows(), shape_.cols()); r0 *= 4) {
      if (r0 > 1 && shape_.order() == 2) break;  // the same matrices as r0 = 1 at the product of both ranks
      for (double share = 1; share > 0.05; share /= 2) {
        const Ranks ranks = filling(method_, shape_, budget, r0, share);
        if (parameter_count({method_.name(), shape_, ranks}) <= budget) rings.insert(ranks);
      }
    }
    return {rings.begin(), rings.end()};
  }

  const Method& method_;
  std::span<const double> w_;
  TensorShape shape_;
  int threads_;
  LeadingTriplets triplets_;
};

class TensorRing : public Method {
 public:
  const char* name() const override { return "tr"; }
  MethodHelp help() const override { return {"24x32x24x32", "2,20,40,20", "one a bond, first that of the ends"}; }
  TensorLyRule tensorly_rule() const override { return TensorLyRule::kRing; }

  // "core0" [r_0, n_0, r_1], "core1" [r_1, n_1, r_2] ..., the last one [r_d-1, n_d-1, r_0], over row and column modes.
  CoreNetwork network(const TensorShape& shape, const Ranks& ranks) const override {
    CoreNetwork network;
    for (std::size_t k = 0; k < shape.order(); ++k) {
      const std::size_t next = (k + 1) % shape.order();
      network.cores.push_back(
          {"core" + std::to_string(k),
           {rank_axis(ring_bond(k), ranks, k), mode_axis(shape, k), rank_axis(ring_bond(next), ranks, next)}});
    }
    return network;
  }

  // Bounded as TR-SVD finds them: the two bonds between rows and columns by the rank of W, those within a half by the
  // sizes on both sides, and each by what its two cores can tell apart. The first rank may be given again at the end, as
  // TensorLy writes it.
  Ranks feasible_ranks(const Ranks& requested, const TensorShape& shape) const override {
    Ranks ranks = requested;
    if (ranks.size() == shape.order() + 1 && ranks.back() == ranks.front()) ranks.pop_back();
    require_count(ranks, shape.order(), "one a bond, first that between the last mode and the first");
    const std::vector<std::int64_t> modes = shape.modes();
    const RingHalves halves(shape);
    const std::size_t border = halves.rows.end, order = modes.size();
    const std::int64_t most = std::min(shape.rows(), shape.cols());
    ranks[0] = std::min(ranks[0], most);
    ranks[border] = std::min(ranks[border], most / ranks[0]);
    for (const RingHalf& half : {halves.rows, halves.cols})
      for (std::size_t k = half.begin + 1; k < half.end; ++k)
        ranks[k] = std::min(ranks[k], inner_limit(modes, half, k, ranks[half.begin], ranks[half.right]));
    for (bool clipped = true; clipped;) {
      clipped = false;
      for (std::size_t k = 0; k < order; ++k) {
        const std::size_t before = (k + order - 1) % order;
        const std::int64_t limit = std::min(ranks[before] * modes[before], modes[k] * ranks[(k + 1) % order]);
        if (ranks[k] <= limit) continue;
        ranks[k] = limit;
        clipped = true;
      }
    }
    return ranks;
  }

  // As equal as the budget allows: what clips equal ranks first is the product of the two bonds between the halves, and
  // bond 0 is made smaller until the others use the budget up; what is left goes to one bond after another.
  Ranks fitting_ranks(const TensorShape& shape, std::int64_t budget) const override {
    const std::int64_t most = std::min(shape.rows(), shape.cols());
    const auto with = [&](std::int64_t r0, std::int64_t r) {
      Ranks ranks(shape.order(), r);
      ranks[0] = std::min(r0, r);
      return feasible_ranks(ranks, shape);
    };
    std::int64_t r0 = 1;
    while (shape.order() > 2 && (r0 + 1) * (r0 + 1) <= most) ++r0;
    while (r0 > 1 && parameter_count({name(), shape, with(r0, most)}) < budget) r0 /= 2;
    const std::int64_t rank = largest_rank(most, [&](std::int64_t r) {
      return parameter_count({name(), shape, with(r0, r)}) <= budget;
    });
    return topped_up(with(r0, rank), shape, budget);
  }

  std::unique_ptr<RankSearch> rank_search(std::span<const double> w, const TensorShape& shape,
                                          int threads) const override {
    return std::make_unique<RingSearch>(*this, w, shape, threads);
  }

  MethodResult decompose(std::span<const double> w, const Form& form, const DecomposeOptions& o) const override {
    const int limit = o.max_iterations > 0 ? o.max_iterations : kDefaultIterations;
    const double tolerance = o.tolerance > 0 ? o.tolerance : kDefaultTolerance;
    const std::int64_t pairs = form.ranks[0] * form.ranks[form.shape.row_modes.size()];
    Ring ring(w, form.shape, o.threads);
    ring.start(leading_triplets(row_major(w.data(), form.shape.rows(), form.shape.cols()), pairs, o.threads),
               form.ranks);
    MethodResult result;
    result.iterations = 0;
    for (int quiet = 0; result.iterations < limit && quiet < 2; ++result.iterations) {
      const double lowest = ring.lowest(), gain = lowest - ring.sweep();
      if (gain > -tolerance) quiet = gain < tolerance ? quiet + 1 : 0;  // sweeps that went too far say nothing
    }
    ring.return_to_best();
    ring.order_bonds();
    for (std::size_t k = 0; k < ring.cores().size(); ++k)
      result.cores.push_back({"core" + std::to_string(k), ring.cores()[k].dims, ring.cores()[k].data});
    return result;
  }

 private:
  Ranks topped_up(Ranks ranks, const TensorShape& shape, std::int64_t budget) const {
    for (bool grown = true; grown;) {
      grown = false;
      for (std::size_t k = 0; k < ranks.size(); ++k) {
        Ranks next = ranks;
        ++next[k];
        if (feasible_ranks(next, shape) != next || parameter_count({name(), shape, next}) > budget) continue;
        ranks = std::move(next);
        grown = true;
      }
    }
    return ranks;
  }
};

}  // namespace

const Method& tensor_ring_method() {
  static const TensorRing method;
  return method;
}

}  // namespace heat::offline
