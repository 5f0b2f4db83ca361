// Two-loop recursion with backtracking to the Armijo condition (Nocedal & Wright, Numerical Optimization,
// algorithms 7.4 and 3.1). Pairs without positive curvature are skipped.
#include "offline/tasks/lbfgs.h"

#include <algorithm>
#include <cmath>
#include <deque>

namespace heat::offline {
namespace {

using Vector = std::vector<float>;

double dot(const Vector& a, const Vector& b) {
  double lanes[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= a.size(); i += 8)
    for (int k = 0; k < 8; ++k) lanes[k] += static_cast<double>(a[i + k]) * b[i + k];
  for (; i < a.size(); ++i) lanes[0] += static_cast<double>(a[i]) * b[i];
  double sum = 0;
  for (double lane : lanes) sum += lane;
  return sum;
}

void add(Vector& y, double factor, const Vector& x) {
  const auto f = static_cast<float>(factor);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += f * x[i];
}

double largest(const Vector& v) {
  float m = 0;
  for (float e : v) m = std::max(m, std::abs(e));
  return m;
}

struct Pair {
  Vector s, y;
  double rho;
};

Vector direction(const std::deque<Pair>& pairs, const Vector& gradient) {
  Vector q = gradient;
  std::vector<double> alpha(pairs.size());
  for (std::size_t i = pairs.size(); i-- > 0;) {
    alpha[i] = pairs[i].rho * dot(pairs[i].s, q);
    add(q, -alpha[i], pairs[i].y);
  }
  if (!pairs.empty()) {
    const Pair& last = pairs.back();
    const double scale = 1.0 / (last.rho * dot(last.y, last.y));
    for (float& e : q) e = static_cast<float>(e * scale);
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) add(q, alpha[i] - pairs[i].rho * dot(pairs[i].y, q), pairs[i].s);
  for (float& e : q) e = -e;
  return q;
}

}  // namespace

LbfgsResult minimize_lbfgs(const std::function<double(const Vector&, Vector&)>& function, Vector& x,
                           const LbfgsOptions& options) {
  LbfgsResult result;
  Vector gradient(x.size()), next_gradient(x.size());
  result.value = function(x, gradient);
  const double target = options.gradient_tolerance * std::max(largest(gradient), 1e-12);
  std::deque<Pair> pairs;
  for (; result.iterations < options.max_iterations; ++result.iterations) {
    if (largest(gradient) <= target && result.iterations > 0) {
      result.converged = true;
      break;
    }
    const Vector d = direction(pairs, gradient);
    const double slope = dot(d, gradient);
    if (!(slope < 0)) break;
    double step = pairs.empty() ? 1.0 / std::max(1.0, std::sqrt(dot(gradient, gradient))) : 1.0;
    Vector next;
    double value = 0;
    bool accepted = false;
    for (int trial = 0; trial < 30 && !accepted; ++trial, step *= accepted ? 1.0 : 0.5) {
      next = x;
      add(next, step, d);
      value = function(next, next_gradient);
      accepted = value <= result.value + 1e-4 * step * slope;
    }
    if (!accepted) break;
    Pair pair{next, next_gradient, 0};
    add(pair.s, -1, x);
    add(pair.y, -1, gradient);
    const double curvature = dot(pair.s, pair.y);
    if (curvature > 1e-12) {
      pair.rho = 1.0 / curvature;
      pairs.push_back(std::move(pair));
      if (static_cast<int>(pairs.size()) > options.memory) pairs.pop_front();
    }
    x = std::move(next);
    std::swap(gradient, next_gradient);
    result.value = value;
  }
  return result;
}

}  // namespace heat::offline
