// Plain pairwise dominance: tables have thousands of rows.
#include "offline/cost_table/pareto.h"

#include <array>
#include <cmath>
#include <tuple>

namespace heat::offline {
namespace {

bool same_size(const CostRow& a, const CostRow& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() && a.tokens == b.tokens;
}

std::array<double, 4> objectives(const CostRow& r) {
  return {r.best_energy_pj(), r.best_latency_ns(), r.error, r.ratio};
}

// a is nowhere worse than b, and better somewhere or the earlier of two equals.
bool beats(const std::array<double, 4>& a, const std::array<double, 4>& b, bool earlier) {
  bool better = false;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
    better = better || a[k] < b[k];
  }
  return better || earlier;
}

// The dense layer's EDP for that size, or nothing.
std::optional<double> dense_edp(const std::vector<CostRow>& rows, const CostRow& size) {
  for (const CostRow& r : rows)
    if (r.form.is_dense() && r.feasible && same_size(r, size)) return r.best_edp_js();
  return std::nullopt;
}

// The row of that size on the method's front with the smallest key; rows without a key are left out.
template <class KeyOf>
std::optional<std::size_t> least(const std::vector<CostRow>& rows, const CostRow& size, const std::string& method,
                                 KeyOf key_of) {
  std::optional<std::size_t> best;
  for (std::size_t i : pareto_front(rows, method)) {
    if (!same_size(rows[i], size)) continue;
    const auto key = key_of(rows[i]);
    if (key && (!best || *key < *key_of(rows[*best]))) best = i;
  }
  return best;
}

}  // namespace

std::vector<std::size_t> pareto_front(const std::vector<CostRow>& rows, const std::string& method) {
  const auto competes = [&](const CostRow& r) { return r.feasible && (method.empty() || r.form.method == method); };
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    bool beaten = !competes(rows[i]);
    for (std::size_t j = 0; j < rows.size() && !beaten; ++j)
      beaten = j != i && competes(rows[j]) && same_size(rows[i], rows[j]) &&
               beats(objectives(rows[j]), objectives(rows[i]), j < i);
    if (!beaten) front.push_back(i);
  }
  return front;
}

std::optional<std::size_t> select_by_error(const std::vector<CostRow>& rows, const CostRow& size,
                                           const std::string& method, const SelectionLimits& limits) {
  using Key = std::tuple<bool, double, double>;
  const std::optional<double> dense = dense_edp(rows, size);
  return least(rows, size, method, [&](const CostRow& r) -> std::optional<Key> {
    if (r.ratio > limits.max_ratio) return std::nullopt;
    const bool dear = dense && r.best_edp_js() > limits.max_edp_ratio * *dense;
    return Key{dear, r.error, r.best_edp_js()};
  });
}

std::optional<std::size_t> select_by_edp(const std::vector<CostRow>& rows, const CostRow& size,
                                         const std::string& method, const SelectionLimits& limits) {
  return least(rows, size, method, [&](const CostRow& r) -> std::optional<double> {
    if (r.ratio > limits.max_ratio) return std::nullopt;
    return r.error * std::pow(r.best_edp_js(), 0.25);
  });
}

}  // namespace heat::offline
