// Bisection over budgets of parameters: what fits a larger one is at least as good, or nearly.
#include "offline/decompose/error_target.h"

#include <map>
#include <optional>
#include <utility>

#include "base/errors.h"
#include "offline/decompose/form_text.h"

namespace heat::offline {
namespace {

class Search {
 public:
  Search(std::span<const double> w, const Method& method, const TensorShape& shape, const DecomposeOptions& options)
      : w_(w),
        method_(method),
        shape_(shape),
        options_(options),
        ranks_(method.rank_search(w, shape, options.threads)) {}

  // Of the ranks that the method takes for this budget; equal ranks are decomposed once.
  const DecomposeResult& at(std::int64_t budget) {
    const Ranks ranks = method_.feasible_ranks(ranks_->within(budget), shape_);
    const auto found = results_.find(ranks);
    if (found != results_.end()) return found->second;
    return results_.emplace(ranks, decompose(w_, {method_.name(), shape_, ranks}, options_)).first->second;
  }

 private:
  std::span<const double> w_;
  const Method& method_;
  const TensorShape& shape_;
  const DecomposeOptions& options_;
  std::unique_ptr<RankSearch> ranks_;
  std::map<Ranks, DecomposeResult> results_;
};

}  // namespace

DecomposeResult decompose_to_error(std::span<const double> w, const Method& method, const TensorShape& shape,
                                   double error, const DecomposeOptions& options) {
  if (!(error > 0)) throw base::ConfigError("error " + std::to_string(error) + ": expected above 0");
  Search search(w, method, shape, options);
  const std::int64_t most = 2 * shape.elements();
  std::int64_t low = 0, high = std::max<std::int64_t>(1, shape.elements() / 16);
  while (search.at(high).relative_error > error) {
    if (high == most)
      throw base::Error("no " + std::string(method.name()) + " of shape " + shape_text({method.name(), shape, {}}) +
                        " within " + std::to_string(most) + " parameters has an error of " + std::to_string(error) +
                        ": the lowest has " + std::to_string(search.at(high).relative_error));
    low = std::exchange(high, std::min(most, 2 * high));
  }
  while (high - low > std::max<std::int64_t>(1, high / 256)) {
    const std::int64_t middle = low + (high - low) / 2;
    (search.at(middle).relative_error > error ? low : high) = middle;
  }
  return search.at(high);
}

}  // namespace heat::offline
