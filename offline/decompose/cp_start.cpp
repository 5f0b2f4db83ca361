// Nested SVD (after PARATREE, Salmi, Richter, Koivunen 2009): a tree of SVDs that splits rows from columns first and
// then one mode at a time. A plain HOSVD start pairs unrelated columns of the factors; this one starts from real terms
// of W.
#include "offline/decompose/cp_start.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "base/random.h"
#include "offline/decompose/spectral.h"
#include "offline/decompose/tensor_ops.h"

namespace heat::offline {
namespace {

// weight * outer product of unit vectors, one a mode.
struct Term {
  double weight;
  std::vector<std::vector<double>> vectors;
};

bool heavier(const Term& a, const Term& b) {
  return a.weight > b.weight;
}

// The `limit` heaviest terms of a vector seen as a tensor of modes[first...].
std::vector<Term> split_vector(std::vector<double> v, const std::vector<std::int64_t>& modes, std::size_t first,
                               std::int64_t limit) {
  if (first + 1 == modes.size()) {
    const double norm = std::sqrt(squared_norm(v));
    if (norm > 0)
      for (double& x : v) x /= norm;
    return {{norm, {std::move(v)}}};
  }
  const std::int64_t rows = modes[first], cols = static_cast<std::int64_t>(v.size()) / rows;
  const std::int64_t rank = std::min(rows, cols);
  const LeadingTriplets t = leading_triplets(row_major(v.data(), rows, cols), rank, 1);
  std::vector<Term> terms;
  for (std::int64_t r = 0; r < rank && t.values[static_cast<std::size_t>(r)] > 0; ++r) {
    std::vector<double> left;
    for (std::int64_t i = 0; i < rows; ++i) left.push_back(t.left[static_cast<std::size_t>(i * rank + r)]);
    for (Term& tail :
         split_vector({t.right.begin() + r * cols, t.right.begin() + (r + 1) * cols}, modes, first + 1, limit)) {
      tail.weight *= t.values[static_cast<std::size_t>(r)];
      tail.vectors.insert(tail.vectors.begin(), left);
      terms.push_back(std::move(tail));
    }
  }
  std::stable_sort(terms.begin(), terms.end(), heavier);
  if (static_cast<std::int64_t>(terms.size()) > limit) terms.resize(static_cast<std::size_t>(limit));
  return terms;
}

// Which terms of which singular triplet make a component.
struct Pick {
  double weight;
  std::size_t triplet, row_term, col_term;
};

std::vector<Pick> heaviest_picks(const LeadingTriplets& t, const std::vector<std::vector<Term>>& rows,
                                 const std::vector<std::vector<Term>>& cols, std::size_t rank) {
  std::vector<Pick> picks;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t p = 0; p < rows[i].size(); ++p)
      for (std::size_t q = 0; q < cols[i].size(); ++q)
        picks.push_back({t.values[i] * rows[i][p].weight * cols[i][q].weight, i, p, q});
  const auto order = [](const Pick& a, const Pick& b) {
    if (a.weight != b.weight) return a.weight > b.weight;
    if (a.triplet != b.triplet) return a.triplet < b.triplet;
    return a.row_term != b.row_term ? a.row_term < b.row_term : a.col_term < b.col_term;
  };
  const auto keep = picks.begin() + static_cast<std::ptrdiff_t>(std::min(rank, picks.size()));
  std::partial_sort(picks.begin(), keep, picks.end(), order);
  picks.erase(keep, picks.end());
  return picks;
}

std::vector<Core> empty_factors(const TensorShape& shape, std::int64_t rank) {
  std::vector<Core> factors;
  const std::vector<std::int64_t> modes = shape.modes();
  for (std::size_t n = 0; n < modes.size(); ++n)
    factors.push_back(
        {factor_name(shape, n), {modes[n], rank}, std::vector<double>(static_cast<std::size_t>(modes[n] * rank))});
  return factors;
}

// Uniform random columns from `begin` on, of `norm` each.
void fill_random(std::vector<Core>& factors, std::int64_t begin, double norm, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  for (Core& f : factors) {
    const std::int64_t mode = f.dims[0], rank = f.dims[1];
    const double scale = norm * std::sqrt(12.0 / static_cast<double>(mode));
    for (std::int64_t i = 0; i < mode; ++i)
      for (std::int64_t r = begin; r < rank; ++r)
        f.data[static_cast<std::size_t>(i * rank + r)] = scale * base::centred(random());
  }
}

}  // namespace

std::vector<Core> nested_svd_start(const LeadingTriplets& t, const TensorShape& shape, std::int64_t rank,
                                   std::uint64_t seed, int threads) {
  const std::int64_t rows = shape.rows(), cols = shape.cols();
  const auto count = static_cast<std::int64_t>(t.values.size());
  // A vector's terms beyond `limit` cannot be among the heaviest when there are that many heavier ones before them.
  const std::int64_t limit = std::min<std::int64_t>(rank, 64);
  std::vector<std::vector<Term>> row_terms(static_cast<std::size_t>(count)), col_terms(row_terms.size());
  parallel_ranges(count, 8, threads, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      std::vector<double> u;
      for (std::int64_t r = 0; r < rows; ++r) u.push_back(t.left[static_cast<std::size_t>(r * count + i)]);
      row_terms[static_cast<std::size_t>(i)] = split_vector(std::move(u), shape.row_modes, 0, limit);
      col_terms[static_cast<std::size_t>(i)] =
          split_vector({t.right.begin() + i * cols, t.right.begin() + (i + 1) * cols}, shape.col_modes, 0, limit);
    }
  });
  const std::vector<Pick> picks = heaviest_picks(t, row_terms, col_terms, static_cast<std::size_t>(rank));
  std::vector<Core> factors = empty_factors(shape, rank);
  const std::size_t border = shape.row_modes.size();
  std::int64_t live = 0;
  for (const Pick& pick : picks) {
    if (pick.weight <= 0) break;
    const double spread = std::pow(pick.weight, 1.0 / static_cast<double>(factors.size()));
    for (std::size_t n = 0; n < factors.size(); ++n) {
      const Term& term = n < border ? row_terms[pick.triplet][pick.row_term] : col_terms[pick.triplet][pick.col_term];
      const std::vector<double>& v = term.vectors[n < border ? n : n - border];
      for (std::size_t i = 0; i < v.size(); ++i)
        factors[n].data[i * static_cast<std::size_t>(rank) + static_cast<std::size_t>(live)] = spread * v[i];
    }
    ++live;
  }
  if (live < rank) {
    const double least = live > 0 ? picks[static_cast<std::size_t>(live - 1)].weight : 0.0;
    fill_random(factors, live, std::pow(0.1 * least, 1.0 / static_cast<double>(factors.size())), seed);
  }
  return factors;
}

std::vector<Core> random_start(std::span<const double> w, const TensorShape& shape, std::int64_t rank,
                               std::uint64_t seed) {
  std::vector<Core> factors = empty_factors(shape, rank);
  const double component = std::sqrt(squared_norm(w) / static_cast<double>(rank));
  fill_random(factors, 0, std::pow(component, 1.0 / static_cast<double>(factors.size())), seed);
  return factors;
}

}  // namespace heat::offline
