// Ranks are chosen for the matrix where there is one.
#include "offline/schedule/choose_factors.h"

#include "offline/decompose/default_shape.h"
#include "offline/decompose/rank_rules.h"

namespace heat::offline {

void factorize(LinearForm& form, const Method& method, double ratio, std::uint64_t seed, int threads) {
  const TensorShape shape = default_shape(method, form.out, form.in);
  if (form.weight.empty()) {
    form.factors = without_values(fitting_form(method, shape, ratio));
    return;
  }
  const std::vector<double> w(form.weight.begin(), form.weight.end());
  factorize(form, {method.name(), shape, best_ranks(w, method, shape, ratio, threads).ranks}, seed, threads);
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
