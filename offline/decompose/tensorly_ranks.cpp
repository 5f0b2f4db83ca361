// TensorLy's rules restated from their equations (parameters of the decomposition = ratio * parameters of the tensor),
// in the same order of floating-point operations; the Tucker equation is solved by Brent's method (Brent 1973, chapter
// 4) with scipy's tolerances, since the rounding can depend on the last bits.
#include "offline/decompose/tensorly_ranks.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <sstream>
#include <utility>

#include "base/checked.h"
#include "base/errors.h"

namespace heat::offline {
namespace {

using spec::product;
using Modes = std::vector<std::int64_t>;

double sum_of(const Modes& m) {
  return static_cast<double>(std::accumulate(m.begin(), m.end(), std::int64_t{0}));
}

double whole(double value, Rounding rounding) {
  switch (rounding) {
    case Rounding::kRound:
      return std::nearbyint(value);  // half to even
    case Rounding::kFloor:
      return std::floor(value);
    case Rounding::kCeil:
      return std::ceil(value);
  }
  throw std::logic_error("unknown rounding");
}

std::int64_t rounded(double value, Rounding rounding) {
  if (!(std::fabs(value) < 0x1p62))
    throw base::ConfigError("TensorLy's rule gives a rank of " + (std::ostringstream() << value).str() +
                            " for this shape and ratio, expected one below 2^62");
  return static_cast<std::int64_t>(whole(value, rounding));
}

// A root of f between a and b by Brent's method.
double brent_root(const std::function<double(double)>& f, double a, double b) {
  constexpr double kAbsolute = 2e-12, kRelative = 4 * 2.220446049250313e-16;
  double previous = a, current = b, f_previous = f(a), f_current = f(b);
  if (f_previous == 0) return a;
  if (f_current == 0) return b;
  if (std::signbit(f_previous) == std::signbit(f_current))
    throw base::ConfigError("TensorLy's rule has no solution for this shape and ratio");
  double bracket = 0, f_bracket = 0, step_before = 0, step = 0;
  for (int i = 0; i < 100; ++i) {
    if (f_previous != 0 && f_current != 0 && std::signbit(f_previous) != std::signbit(f_current)) {
      bracket = previous;
      f_bracket = f_previous;
      step_before = step = current - previous;
    }
    if (std::fabs(f_bracket) < std::fabs(f_current)) {
      previous = std::exchange(current, bracket);
      bracket = previous;
      f_previous = std::exchange(f_current, f_bracket);
      f_bracket = f_previous;
    }
    const double tolerance = (kAbsolute + kRelative * std::fabs(current)) / 2;
    const double half = (bracket - current) / 2;
    if (f_current == 0 || std::fabs(half) < tolerance) return current;
    double trial = half;
    bool interpolated = false;
    if (std::fabs(step_before) > tolerance && std::fabs(f_current) < std::fabs(f_previous)) {
      if (previous == bracket) {
        trial = -f_current * (current - previous) / (f_current - f_previous);
      } else {
        const double slope_previous = (f_previous - f_current) / (previous - current);
        const double slope_bracket = (f_bracket - f_current) / (bracket - current);
        trial = -f_current * (f_bracket * slope_bracket - f_previous * slope_previous) /
                (slope_bracket * slope_previous * (f_bracket - f_previous));
      }
      interpolated = 2 * std::fabs(trial) < std::min(std::fabs(step_before), 3 * std::fabs(half) - tolerance);
    }
    step_before = interpolated ? step : half;
    step = interpolated ? trial : half;
    previous = current;
    f_previous = f_current;
    current += std::fabs(step) > tolerance ? step : (half > 0 ? tolerance : -tolerance);
    f_current = f(current);
  }
  return current;
}

Modes tensorly_multilinear(const Modes& modes, double ratio, const TensorLyOptions& options) {
  const auto fixed = [&](std::size_t n) {
    return std::find(options.fixed_modes.begin(), options.fixed_modes.end(), n) != options.fixed_modes.end();
  };
  double squares = 0, fixed_squares = 0;
  int free_modes = 0;
  for (std::size_t n = 0; n < modes.size(); ++n) {
    (fixed(n) ? fixed_squares : squares) += static_cast<double>(modes[n]) * static_cast<double>(modes[n]);
    free_modes += fixed(n) ? 0 : 1;
  }
  const double elements = static_cast<double>(product(modes));
  const double fraction = brent_root(
      [&](double x) { return elements * std::pow(x, free_modes) + squares * x + fixed_squares - ratio * elements; },
      0.0, std::max(ratio, 1.0));
  Modes ranks;
  for (std::size_t n = 0; n < modes.size(); ++n)
    ranks.push_back(
        fixed(n) ? modes[n]
                 : std::max<std::int64_t>(rounded(static_cast<double>(modes[n]) * fraction, options.rounding), 1));
  return ranks;
}

Modes tensorly_train(const Modes& modes, double ratio, const TensorLyOptions& options) {
  if (modes.size() < 2) throw base::ConfigError("a tensor train needs at least two modes");
  const double elements = static_cast<double>(product(modes)) * ratio;
  const double first = static_cast<double>(modes.front()), last = static_cast<double>(modes.back());
  if (options.constant_rank) {
    if (modes.size() == 2) return {1, rounded(elements / (first + last), options.rounding), 1};
    double a = 0;
    for (std::size_t k = 1; k + 1 < modes.size(); ++k) a += static_cast<double>(modes[k]);
    const double b = first + last, delta = std::sqrt(b * b - 4 * a * -elements);
    Modes ranks(modes.size() + 1, rounded((-b + delta) / (2 * a), options.rounding));
    ranks.front() = ranks.back() = 1;
    return ranks;
  }
  std::vector<double> mean;
  for (std::size_t k = 0; k + 1 < modes.size(); ++k)
    mean.push_back((static_cast<double>(modes[k]) + static_cast<double>(modes[k + 1])) / 2);
  double a = 0;
  if (mean.size() > 1)
    for (std::size_t k = 1; k + 1 < modes.size(); ++k) a += mean[k - 1] * static_cast<double>(modes[k]) * mean[k];
  else
    a = mean[0] * mean[0] * first;
  const double b = first * mean.front() + last * mean.back(), delta = std::sqrt(b * b - 4 * a * -elements);
  const double fraction = (-b + delta) / (2 * a);
  Modes ranks{1};
  for (double m : mean) ranks.push_back(std::max<std::int64_t>(rounded(m * fraction, options.rounding), 1));
  ranks.push_back(1);
  return ranks;
}

// Row mode times column mode of every core.
Modes paired(const Modes& modes) {
  if (modes.size() % 2 != 0) throw base::ConfigError("a tensor-train matrix needs as many row modes as column modes");
  Modes pairs;
  for (std::size_t k = 0; k < modes.size() / 2; ++k) pairs.push_back(product({modes[k], modes[modes.size() / 2 + k]}));
  return pairs;
}

std::int64_t rule_params(TensorLyRule rule, const Modes& modes, const Modes& ranks) {
  const char* what = "parameters at TensorLy's ranks";
  std::int64_t count = 0;
  const auto add = [&](const Modes& core) {
    count = base::checked_add(count, base::checked_product(core, what), what);
  };
  switch (rule) {
    case TensorLyRule::kComponents:
      for (const std::int64_t mode : modes) add({mode, ranks[0]});
      return count;
    case TensorLyRule::kMultilinear:
      for (std::size_t n = 0; n < modes.size(); ++n) add({modes[n], ranks[n]});
      add(ranks);
      return count;
    case TensorLyRule::kTrain:
    case TensorLyRule::kRing:
      for (std::size_t n = 0; n < modes.size(); ++n) add({ranks[n], modes[n], ranks[n + 1]});
      return count;
    case TensorLyRule::kTrainMatrix:
      return rule_params(TensorLyRule::kTrain, paired(modes), ranks);
  }
  throw std::logic_error("unknown TensorLy rule");
}

}  // namespace

Rounding rounding_from_name(const std::string& name) {
  if (name == "round") return Rounding::kRound;
  if (name == "floor") return Rounding::kFloor;
  if (name == "ceil") return Rounding::kCeil;
  throw base::ConfigError("unknown rounding '" + name + "': expected round, floor or ceil");
}

void require_ratio(double ratio) {
  if (!(ratio > 0) || !std::isfinite(ratio))
    throw base::ConfigError("ratio " + (std::ostringstream() << ratio).str() + ": expected a finite number above 0");
}

RankChoice tensorly_ranks(TensorLyRule rule, const Modes& modes, double ratio, const TensorLyOptions& options) {
  require_ratio(ratio);
  const double elements = static_cast<double>(product(modes));
  RankChoice choice;
  switch (rule) {
    case TensorLyRule::kComponents:
      choice.ranks = {rounded(elements * ratio / sum_of(modes), options.rounding)};
      break;
    case TensorLyRule::kMultilinear:
      choice.ranks = tensorly_multilinear(modes, ratio, options);
      break;
    case TensorLyRule::kTrain:
      choice.ranks = tensorly_train(modes, ratio, options);
      break;
    case TensorLyRule::kRing:
      choice.ranks.assign(modes.size() + 1, rounded(std::sqrt(elements * ratio / sum_of(modes)), options.rounding));
      break;
    case TensorLyRule::kTrainMatrix:
      choice.ranks = tensorly_train(paired(modes), ratio, {});
      break;
  }
  choice.params = rule_params(rule, modes, choice.ranks);
  choice.achieved_ratio = static_cast<double>(choice.params) / elements;
  return choice;
}

}  // namespace heat::offline
