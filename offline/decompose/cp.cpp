// CP: which starts are tried, and which result counts. Sweeps in cp_als.cpp, the second-order finish in cp_newton.cpp, exact
// components of low rank in cp_pencil.cpp.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "offline/decompose/cp_als.h"
#include "offline/decompose/cp_newton.h"
#include "offline/decompose/cp_pencil.h"
#include "offline/decompose/cp_start.h"
#include "offline/decompose/tensor_ops.h"
#include "offline/decompose/tensorly_ranks.h"

namespace heat::offline {
namespace {

constexpr int kDefaultIterations = 100;
constexpr double kDefaultTolerance = 5e-4;    // of the error
constexpr double kLowRank = 1e-2;             // energy outside the leading triplets up to which W may be of the rank
constexpr double kLowRankTolerance = 1e-6;    // where it may be, sweeps go on for longer
constexpr double kExact = 2e-7;               // an error below which it is: what 32-bit numbers leave, and some
constexpr double kCancelling = 2;             // of ||W||^2: the components' squares that an approximation may have
constexpr std::int64_t kMostUnknowns = 2100;  // of a Newton step: four billion multiply-adds, 70 MB
constexpr double kNewtonWork = 2e10;          // multiply-adds of the steps from one start
constexpr double kExtraWork = 5e9;            // of all starts nobody asked for
constexpr int kExtraStarts = 16;
constexpr double kPolished = 1e-9;
constexpr std::size_t kMostPencils = 4;
constexpr double kDisturbance = 5e-8;     // of W, for pencils of a tensor on the border of the rank
constexpr std::size_t kDisturbances = 8;  // half of them have complex eigenvalues

// Unit columns, their norms as weights, components by falling weight.
void normalise_and_sort(std::vector<Core>& factors, std::vector<double>& weights) {
  const std::size_t rank = static_cast<std::size_t>(factors[0].dims[1]);
  weights.assign(rank, 1.0);
  for (Core& f : factors)
    for (std::size_t r = 0; r < rank; ++r) {
      double sum = 0;
      for (std::size_t i = r; i < f.data.size(); i += rank) sum += f.data[i] * f.data[i];
      const double norm = std::sqrt(sum);
      weights[r] *= norm;
      if (norm > 0)
        for (std::size_t i = r; i < f.data.size(); i += rank) f.data[i] /= norm;
    }
  std::vector<std::size_t> order(rank);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return weights[a] > weights[b]; });
  std::vector<double> sorted;
  for (std::size_t r : order) sorted.push_back(weights[r]);
  weights = std::move(sorted);
  for (Core& f : factors) {
    std::vector<double> moved(f.data.size());
    for (std::size_t i = 0; i < f.data.size(); i += rank)
      for (std::size_t r = 0; r < rank; ++r) moved[i + r] = f.data[i + order[r]];
    f.data = std::move(moved);
  }
}

class Cp : public Method {
 public:
  const char* name() const override { return "cp"; }
  MethodHelp help() const override { return {"768x12x64", "280", "components"}; }
  bool is_papers() const override { return true; }
  bool splits_unevenly() const override { return true; }
  TensorLyRule tensorly_rule() const override { return TensorLyRule::kComponents; }

  // "row0" [m_0, R] ... "col0" [n_0, R] ...; weights [R], components sorted by falling weight, unit columns.
  CoreNetwork network(const TensorShape& shape, const Ranks& ranks) const override {
    const CoreAxis r = rank_axis("r", ranks, 0);
    CoreNetwork network;
    for (std::size_t n = 0; n < shape.order(); ++n)
      network.cores.push_back({factor_name(shape, n), {mode_axis(shape, n), r}});
    network.weighted = r.index;
    return network;
  }

  Ranks feasible_ranks(const Ranks& ranks, const TensorShape&) const override {
    require_count(ranks, 1, "the number of components");
    return ranks;
  }

  Ranks fitting_ranks(const TensorShape& shape, std::int64_t budget) const override {
    const std::vector<std::int64_t> modes = shape.modes();
    return {std::max<std::int64_t>(1, budget / std::accumulate(modes.begin(), modes.end(), std::int64_t{0}))};
  }

  // Gram matrices of all factors and of their products; W times the factors of each side; copies of the factors.
  double working_numbers(const Form& form) const override {
    const auto rank = static_cast<double>(form.ranks[0]), order = static_cast<double>(form.shape.order());
    const auto sides = static_cast<double>(form.shape.rows()) + static_cast<double>(form.shape.cols());
    double modes = 0;
    for (std::int64_t mode : form.shape.modes()) modes += static_cast<double>(mode);
    return (order + 3) * rank * rank + (2 * sides + 4 * modes) * rank;
  }

  MethodResult decompose(std::span<const double> w, const Form& form, const DecomposeOptions& o) const override;
};

// Tries starts one after another and keeps what has the lowest error at its end. A matrix of nearly full rank gets the
// nested SVD's start, and random ones on request. One that may have exactly `rank` components, as the rank of W itself
// tells, also gets pencils, a second-order finish, and random starts as long as none is exact.
class Search {
 public:
  Search(std::span<const double> w, const Form& form, const DecomposeOptions& o)
      : w_(w), shape_(form.shape), rank_(form.ranks[0]), options_(o), unknowns_(CpNewton::unknowns(shape_, rank_)) {}

  void run() {
    const std::int64_t rows = shape_.rows(), cols = shape_.cols(), count = std::min({rank_, rows, cols});
    const LeadingTriplets t = leading_triplets(row_major(w_.data(), rows, cols), count, options_.threads);
    const double norm2 = squared_norm(w_);
    const std::vector<std::int64_t> modes = shape_.modes();
    const bool is_tensor = std::count_if(modes.begin(), modes.end(), [](std::int64_t m) { return m > 1; }) > 2;
    may_be_exact_ = is_tensor && norm2 - squared_norm(t.values) < kLowRank * norm2;
    if (may_be_exact_) try_pencils();
    if (is_exact()) return;
    try_start(nested_svd_start(t, shape_, rank_, options_.seed, options_.threads));
    for (int i = 1; i < options_.restarts && !is_exact(); ++i) try_start(random(i));
    work_ = 0;
    for (int i = 0; i < kExtraStarts && newton_pays() && work_ < kExtraWork && !is_exact(); ++i)
      try_start(random(options_.restarts + i));
  }

  MethodResult result() {
    MethodResult out;
    out.cores = std::move(best_);
    out.iterations = iterations_;
    normalise_and_sort(out.cores, out.weights);
    return out;
  }

 private:
  bool newton_pays() const { return may_be_exact_ && unknowns_ <= kMostUnknowns; }
  bool is_exact() const { return error_ < kExact; }
  int sweep_limit() const { return options_.max_iterations > 0 ? options_.max_iterations : kDefaultIterations; }
  std::vector<Core> random(int number) const {
    return random_start(w_, shape_, rank_, options_.seed + static_cast<std::uint64_t>(number));
  }

  void try_pencils() {
    const Pencils pencils(w_, shape_, rank_, options_.threads);
    for (std::size_t i = 0; i < std::min(pencils.size(), kMostPencils) && !is_exact(); ++i) {
      std::vector<Core> start = pencils.factors(i, 0, options_.seed + i);
      if (newton_pays())
        finish(std::move(start), 0);
      else
        polish(std::move(start));
    }
    for (std::size_t i = 0; i < kDisturbances && pencils.size() > 0 && newton_pays() && !is_exact(); ++i) {
      const CpNewton as_is(w_, shape_, pencils.factors(i % pencils.size(), kDisturbance, options_.seed + i),
                           options_.threads);
      if (as_is.error() < kExact) consider(as_is.factors(), as_is.error(), 0);
    }
  }

  // Where a Newton step would be too large.
  void polish(std::vector<Core> start) {
    CpSweeps sweeps(w_, shape_, start, options_.threads);
    sweeps.drop_penalty();
    const int done = sweeps.run(sweep_limit(), kPolished, 0);
    if (sweeps.error() < kExact)
      consider(sweeps.best(), sweeps.error(), done);
    else
      try_start(std::move(start));
  }

  void try_start(std::vector<Core> start) {
    CpSweeps sweeps(w_, shape_, std::move(start), options_.threads);
    const int done = options_.tolerance > 0 ? sweeps.run(sweep_limit(), options_.tolerance, 0)
                     : may_be_exact_        ? sweeps.run(sweep_limit(), kLowRankTolerance, 0)
                                            : sweeps.run(sweep_limit(), 0, kDefaultTolerance);
    consider(sweeps.best(), sweeps.error(), done);
    if (newton_pays() && !is_exact()) finish(sweeps.best(), done);
  }

  // Newton's steps know no penalty: what they find counts where it is exact or keeps its components small.
  void finish(std::vector<Core> factors, int done) {
    const double u = static_cast<double>(unknowns_), work = u * u * (static_cast<double>(rank_) + u / 3);
    const int most = options_.max_iterations > 0 ? options_.max_iterations - done
                                                 : static_cast<int>(std::clamp(kNewtonWork / work, 40.0, 3000.0));
    CpNewton newton(w_, shape_, std::move(factors), options_.threads);
    const int steps = newton.run(most, kExact);
    work_ += steps * work;
    if (newton.error() < kExact || newton.squared_weights() < kCancelling * squared_norm(w_))
      consider(newton.factors(), newton.error(), done + steps);
  }

  void consider(const std::vector<Core>& factors, double error, int iterations) {
    if (!(error < error_)) return;
    best_ = factors;
    error_ = error;
    iterations_ = iterations;
  }

  std::span<const double> w_;
  TensorShape shape_;
  std::int64_t rank_;
  DecomposeOptions options_;
  std::int64_t unknowns_;
  bool may_be_exact_ = false;
  double work_ = 0;
  std::vector<Core> best_;
  double error_ = std::numeric_limits<double>::infinity();
  int iterations_ = 0;
};

MethodResult Cp::decompose(std::span<const double> w, const Form& form, const DecomposeOptions& o) const {
  Search search(w, form, o);
  search.run();
  return search.result();
}

}  // namespace

const Method& cp_method() {
  static const Cp method;
  return method;
}

}  // namespace heat::offline
