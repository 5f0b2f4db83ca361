// The names stand in the enum's order.
#include "offline/network/activation.h"

#include <algorithm>
#include <cmath>

#include "base/config_reader.h"

namespace heat::offline {

const std::vector<std::string>& activation_names() {
  static const std::vector<std::string> names{"none", "gelu", "gelu_new", "relu", "tanh"};
  return names;
}

std::string activation_name(Activation activation) {
  return activation_names().at(static_cast<std::size_t>(activation));
}

Activation activation_from_name(const std::string& name) {
  const auto& names = activation_names();
  const auto at = std::find(names.begin(), names.end(), name);
  if (at != names.end()) return static_cast<Activation>(at - names.begin());
  const auto near = base::nearest_word(name, names);
  std::string known;
  for (const std::string& n : names) known += (known.empty() ? "" : ", ") + n;
  throw base::ConfigError("unknown activation '" + name + "'" + (near ? ", did you mean '" + *near + "'?" : "") +
                          " (known: " + known + ")");
}

double activate(Activation activation, double x) {
  switch (activation) {
    case Activation::kNone:
      return x;
    case Activation::kGelu:
      return 0.5 * x * (1 + std::erf(x * M_SQRT1_2));
    case Activation::kGeluTanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    case Activation::kRelu:
      return std::max(x, 0.0);
    case Activation::kTanh:
      return std::tanh(x);
  }
  throw std::logic_error("activation out of range");
}

}  // namespace heat::offline
