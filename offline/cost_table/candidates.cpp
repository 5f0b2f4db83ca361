// Integer factorisation, top k by entropy, axis permutation, ranks by a ladder of ratios: the order of figure 7.
#include "offline/cost_table/candidates.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/errors.h"
#include "offline/decompose/default_shape.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline {
namespace {

using Modes = std::vector<std::int64_t>;

void extend(std::int64_t n, int parts, std::int64_t smallest, Modes& prefix, std::vector<Modes>& out) {
  if (parts == 1) {
    prefix.push_back(n);
    out.push_back(prefix);
    prefix.pop_back();
    return;
  }
  for (std::int64_t f = smallest; f * f <= n; ++f) {
    if (n % f != 0) continue;
    prefix.push_back(f);
    extend(n / f, parts - 1, f, prefix, out);
    prefix.pop_back();
  }
}

Modes falling(const Modes& rising) {
  return {rising.rbegin(), rising.rend()};
}

// The k shapes of largest entropy with `row_axes` and `col_axes` modes, modes rising; ties in the order of their modes.
std::vector<TensorShape> top_shapes(std::int64_t rows, std::int64_t cols, int row_axes, int col_axes,
                                    const CandidateOptions& options) {
  std::vector<std::pair<double, TensorShape>> all;
  for (const Modes& r : factorizations(rows, row_axes, options.smallest_mode))
    for (const Modes& c : factorizations(cols, col_axes, options.smallest_mode)) {
      TensorShape shape{r, c};
      all.emplace_back(shape_entropy(shape), std::move(shape));
    }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<TensorShape> top;
  for (const auto& [entropy, shape] : all)
    if (static_cast<int>(top.size()) < options.top_k) top.push_back(shape);
  return top;
}

}  // namespace

std::vector<Modes> factorizations(std::int64_t n, int parts, std::int64_t smallest) {
  std::vector<Modes> out;
  Modes prefix;
  if (parts >= 1 && n >= 1) extend(n, parts, smallest, prefix, out);
  return out;
}

double shape_entropy(const TensorShape& shape) {
  double entropy = 0;
  for (const Modes& side : {shape.row_modes, shape.col_modes}) {
    const double whole = std::log(static_cast<double>(product(side)));
    for (std::int64_t m : side)
      if (m > 1)
        entropy -= std::log(static_cast<double>(m)) / whole * std::log(std::log(static_cast<double>(m)) / whole);
  }
  return entropy;
}

std::vector<TensorShape> shape_candidates(const Method& method, std::int64_t rows, std::int64_t cols,
                                          const CandidateOptions& options) {
  const Tensorization kind = method.tensorization();
  if (kind == Tensorization::kMatrix) return {{{rows}, {cols}}};
  std::vector<TensorShape> shapes;
  const auto add_with_turned = [&](const TensorShape& s) {
    for (const Modes& row : {s.row_modes, falling(s.row_modes)})
      for (const Modes& col : {s.col_modes, falling(s.col_modes)}) shapes.push_back({row, col});
  };
  for (int r = 1; r <= options.max_side_axes; ++r)
    for (int c = 1; c <= options.max_side_axes; ++c) {
      if (r + c < 3) continue;  // the matrix itself
      if (kind == Tensorization::kPaired ? r != c : r + c > options.max_axes) continue;
      for (const TensorShape& s : top_shapes(rows, cols, r, c, options)) add_with_turned(s);
    }
  const auto splits = [&](const Modes& modes) {
    return std::all_of(modes.begin(), modes.end(), [&](std::int64_t m) { return m >= options.smallest_mode; });
  };
  const TensorShape plain = default_shape(method, rows, cols);
  if (splits(plain.row_modes) && splits(plain.col_modes)) add_with_turned(plain);
  std::sort(shapes.begin(), shapes.end());
  shapes.erase(std::unique(shapes.begin(), shapes.end()), shapes.end());
  return shapes;
}

std::vector<Form> rank_ladder(std::span<const double> w, const Method& method, const TensorShape& shape,
                              const CandidateOptions& options) {
  std::optional<RankPlanner> planner;
  if (options.rank_rule == RankRule::kBest) planner.emplace(w, method, shape, 1);
  std::vector<Form> ladder;
  for (double ratio : options.ratios) {
    Form form{method.name(), shape, {}};
    try {
      form.ranks = (planner ? planner->within(ratio) : tensorly_ranks_within(method, shape, ratio)).ranks;
    } catch (const base::ConfigError&) {
      continue;  // rank 1 is above the ratio
    }
    if (std::find(ladder.begin(), ladder.end(), form) == ladder.end()) ladder.push_back(std::move(form));
  }
  return ladder;
}

}  // namespace heat::offline
