// An even pair keeps the largest mode, and with it a tucker core, small (the paper prefers uniform shapes,
// section 2.2.1).
#include "offline/schedule/choose_factors.h"

#include "offline/decompose/rank_rules.h"
#include "offline/schedule/static_operand.h"

namespace heat::offline {
namespace {

std::vector<std::int64_t> even_pair(std::int64_t n) {
  std::int64_t low = 1;
  for (std::int64_t d = 1; d * d <= n; ++d)
    if (n % d == 0) low = d;
  return {low, n / low};
}

}  // namespace

TensorShape default_shape(Method method, std::int64_t rows, std::int64_t cols) {
  switch (method) {
    case Method::kSvd:
      return {{rows}, {cols}};
    case Method::kTtm:
      return {even_pair(rows), even_pair(cols)};
    case Method::kCp:
    case Method::kTucker:
      return {even_pair(rows), {cols}};
  }
  throw std::logic_error("method out of range");
}

void factorize(LinearForm& form, Method method, double ratio, std::uint64_t seed, int threads) {
  const TensorShape shape = default_shape(method, form.out, form.in);
  Decomposition d;
  d.method = method;
  d.shape = shape;
  if (form.weight.empty()) {
    d.ranks = fitting_ranks(method, shape, ratio).ranks;
    d.cores = empty_cores(method, shape, d.ranks);
  } else {
    const std::vector<double> w(form.weight.begin(), form.weight.end());
    const auto ranks = best_ranks(w, method, shape, ratio, threads).ranks;
    DecomposeOptions options;
    options.seed = seed;
    options.threads = threads;
    d = decompose(w, method, shape, ranks, options).decomposition;
    form.weight.clear();
  }
  form.factors = std::move(d);
}

}  // namespace heat::offline
