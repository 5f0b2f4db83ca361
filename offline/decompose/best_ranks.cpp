// Budgets from ratios; what fits one is the method's business.
#include <cmath>

#include "base/errors.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/form_text.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline {
namespace {

std::int64_t budget_of(const TensorShape& shape, double ratio) {
  if (!(ratio > 0) || !std::isfinite(ratio))
    throw base::ConfigError("ratio " + std::to_string(ratio) + ": expected above 0");
  return static_cast<std::int64_t>(std::floor(ratio * static_cast<double>(shape.elements())));
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
