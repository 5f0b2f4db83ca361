// splitmix64 (Steele, Lea, Flood 2014) from a hash of the name; no standard distribution, whose values differ by
// library.
#include "offline/schedule/random_forms.h"

#include <cmath>

#include "base/memory.h"
#include "base/random.h"

namespace heat::offline {

std::vector<float> random_normal(const std::string& name, std::uint64_t seed, std::int64_t count, double sigma) {
  std::uint64_t state = base::mix64(seed);
  for (unsigned char c : name) state = base::mix64(state ^ c);
  base::require_memory(static_cast<double>(sizeof(float)) * static_cast<double>(count), name);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) {
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(base::mix64(state++) >> 11) * 0x1p-53;
    v = static_cast<float>(sigma * sum);
  }
  return values;
}

void randomize(LinearForm& form, std::uint64_t seed) {
  if (form.bias.empty()) form.bias = random_normal(form.name + ".bias", seed, form.out, 0.1);
  const double sigma = 1 / std::sqrt(static_cast<double>(form.in));
  if (!form.factors) {
    if (form.weight.empty()) form.weight = random_normal(form.name + ".weight", seed, form.out * form.in, sigma);
    return;
  }
  // The reconstruction's variance is the product of the cores' variances times the number of rank combinations.
  double paths = 1;
  for (std::int64_t r : form.factors->form.ranks) paths *= static_cast<double>(r);
  const double cores = static_cast<double>(form.factors->cores.size());
  const double each = std::pow(sigma * sigma / paths, 0.5 / cores);
  for (Core& core : form.factors->cores) {
    std::int64_t count = 1;
    for (std::int64_t d : core.dims) count *= d;
    if (!core.data.empty()) continue;
    const auto values = random_normal(form.name + "." + core.name, seed, count, each);
    core.data.assign(values.begin(), values.end());
  }
}

NormForm random_norm(const std::string& name, std::int64_t columns, std::uint64_t seed) {
  NormForm form{random_normal(name + ".gamma", seed, columns, 0.1), random_normal(name + ".beta", seed, columns, 0.1)};
  for (float& g : form.gamma) g += 1;
  return form;
}

}  // namespace heat::offline
