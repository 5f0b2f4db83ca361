// Ranks are chosen for the matrix where there is one.
#include "offline/schedule/choose_factors.h"

#include "offline/decompose/default_shape.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline {

Form plain_form(const LinearForm& form, const Method& method, const RankRequest& request, int threads) {
  const auto shape = request.even_shapes ? even_shape : default_shape;
  Form plain{method.name(), shape(method, form.out, form.in), {}};
  const std::vector<double> w(form.weight.begin(), form.weight.end());
  plain.ranks = w.empty() ? fitting_ranks(method, plain.shape, request.ratio).ranks
                          : best_ranks(w, method, plain.shape, request.ratio, threads).ranks;
  constexpr std::int64_t kMostGivenUp = 16;  // one part of so many
  for (std::int64_t& rank : plain.ranks)
    if (const std::int64_t over = rank % request.grain; rank > request.grain && over * kMostGivenUp <= rank)
      rank -= over;
  plain.ranks = method.feasible_ranks(plain.ranks, plain.shape);
  return plain;
}

void factorize(LinearForm& form, const Form& factorised, std::uint64_t seed, int threads) {
  if (form.weight.empty()) {
    form.factors = without_values(factorised);
    return;
  }
  const std::vector<double> w(form.weight.begin(), form.weight.end());
  DecomposeOptions options;
  options.seed = seed;
  options.threads = threads;
  form.factors = decompose(w, factorised, options).decomposition;
  form.weight.clear();
}

}  // namespace heat::offline
