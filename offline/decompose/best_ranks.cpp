// Budgets from ratios; what fits one is the method's business.
#include <algorithm>
#include <cmath>
#include <sstream>
#include <utility>

#include "base/errors.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/form_text.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline {
namespace {

std::int64_t budget_of(const TensorShape& shape, double ratio) {
  require_ratio(ratio);
  const double budget = std::floor(ratio * static_cast<double>(shape.elements()));
  if (budget >= 0x1p62)
    throw base::ConfigError("ratio " + (std::ostringstream() << ratio).str() + " of " +
                            std::to_string(shape.elements()) + " parameters: expected fewer than 2^62");
  return static_cast<std::int64_t>(budget);
}

RankChoice choice_of(const Method& method, const TensorShape& shape, Ranks ranks, std::int64_t budget) {
  const Form form{method.name(), shape, std::move(ranks)};
  const std::int64_t params = parameter_count(form);
  if (params > budget)
    throw base::ConfigError("no " + form.method + " rank of shape " + shape_text(form) + " fits " +
                            std::to_string(budget) + " parameters: rank 1 needs " + std::to_string(params));
  return {form.ranks, params, parameter_ratio(form)};
}

}  // namespace

RankChoice fitting_ranks(const Method& method, const TensorShape& shape, double ratio) {
  const std::int64_t budget = budget_of(shape, ratio);
  return choice_of(method, shape, method.fitting_ranks(shape, budget), budget);
}

Form fitting_form(const Method& method, const TensorShape& shape, double ratio) {
  return {method.name(), shape, fitting_ranks(method, shape, ratio).ranks};
}

RankChoice tensorly_ranks_within(const Method& method, const TensorShape& shape, double ratio) {
  const std::int64_t budget = budget_of(shape, ratio);
  Ranks best = method.fitting_ranks(shape, 0);  // rank 1
  // Parameters grow with the target; ranks that the method rejects are those of too large a target.
  const auto fits = [&](double target) {
    try {
      Ranks ranks = tensorly_ranks(method.tensorly_rule(), shape.modes(), target).ranks;
      for (std::int64_t& rank : ranks) rank = std::max<std::int64_t>(rank, 1);
      ranks = method.feasible_ranks(ranks, shape);
      if (parameter_count({method.name(), shape, ranks}) > budget) return false;
      best = std::move(ranks);
      return true;
    } catch (const base::ConfigError&) {
      return false;
    }
  };
  constexpr double kMostTarget = 1e6;  // a rule may give far fewer than its target
  double low = 0, high = ratio;
  while (high < kMostTarget && fits(high)) low = std::exchange(high, 2 * high);
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return choice_of(method, shape, std::move(best), budget);
}

RankPlanner::RankPlanner(std::span<const double> w, const Method& method, TensorShape shape, int threads)
    : method_(method), shape_(std::move(shape)) {
  HEAT_CHECK(static_cast<std::int64_t>(w.size()) == shape_.elements(), "matrix and shape differ in size");
  search_ = method.rank_search(w, shape_, threads);
}

RankChoice RankPlanner::within(double ratio) const {
  const std::int64_t budget = budget_of(shape_, ratio);
  return choice_of(method_, shape_, search_->within(budget), budget);
}

RankChoice best_ranks(std::span<const double> w, const Method& method, const TensorShape& shape, double ratio,
                      int threads) {
  return RankPlanner(w, method, shape, threads).within(ratio);
}

}  // namespace heat::offline
