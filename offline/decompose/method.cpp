// What methods have in common.
#include "offline/decompose/method.h"

#include "base/errors.h"
#include "offline/decompose/decomposition.h"
#include "offline/decompose/form_text.h"

namespace heat::offline {
namespace {

class FittingSearch : public RankSearch {
 public:
  FittingSearch(const Method& method, TensorShape shape) : method_(method), shape_(std::move(shape)) {}
  Ranks within(std::int64_t budget) const override { return method_.fitting_ranks(shape_, budget); }

 private:
  const Method& method_;
  TensorShape shape_;
};

}  // namespace

std::unique_ptr<RankSearch> Method::rank_search(std::span<const double>, const TensorShape& shape, int) const {
  return std::make_unique<FittingSearch>(*this, shape);
}

double Method::working_numbers(const Form& form) const {
  return 3.0 * static_cast<double>(form.shape.elements()) + 4.0 * static_cast<double>(parameter_count(form));
}

void Method::reject(const Ranks& ranks, const std::string& reason) const {
  throw base::ConfigError("rank '" + ranks_text(ranks) + "' for " + name() + ": " + reason);
}

void Method::require_count(const Ranks& ranks, std::size_t count, const char* meaning) const {
  if (ranks.size() != count)
    reject(ranks, "expected " + std::to_string(count) + " (" + meaning + "), got " + std::to_string(ranks.size()));
}

}  // namespace heat::offline
