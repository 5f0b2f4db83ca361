// The equations are scaled to the width of the bounds, so that neither the solver nor the pull depends on units; the pull
// makes them of full rank.
#include "offline/loop/energy_fit.h"

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/errors.h"

namespace heat::offline {
namespace {

constexpr double kRankTolerance = 1e-9;  // of the largest singular value
constexpr double kSameDirection = 1e-4;  // sine of the angle between two columns

Eigen::Index index(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

Identifiability identify(const Eigen::MatrixXd& a) {
  Identifiability id;
  const auto n = static_cast<std::size_t>(a.cols());
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd& s = svd.singularValues();
  while (index(id.rank) < s.size() && s[index(id.rank)] > kRankTolerance * s[0]) ++id.rank;
  for (std::size_t j = 0; j < n; ++j)
    id.resolution.push_back(svd.matrixV().row(index(j)).head(index(id.rank)).squaredNorm());
  const double largest = a.colwise().norm().maxCoeff();
  std::vector<bool> grouped(n, false);
  for (std::size_t j = 0; j < n; ++j) {
    const double length = a.col(index(j)).norm();
    if (length <= kRankTolerance * largest) {
      id.unseen.push_back(j);
      continue;
    }
    if (grouped[j]) continue;
    std::vector<std::size_t> group{j};
    for (std::size_t k = j + 1; k < n; ++k) {
      const double other = a.col(index(k)).norm();
      if (grouped[k] || other <= kRankTolerance * largest) continue;
      const Eigen::VectorXd apart = a.col(index(j)) / length - a.col(index(k)) / other;
      if (apart.norm() > kSameDirection) continue;
      group.push_back(k);
      grouped[k] = true;
    }
    if (group.size() > 1) id.groups.push_back(std::move(group));
  }
  return id;
}

// Six significant digits: what the table's text holds.
double rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return std::stod(text);
}

}  // namespace

double TargetRow::predicted(const EnergyEntries& entries) const {
  const spec::Picojoules energy(run.energy_pj(entries));
  return kind == EnergyTarget::kEnergy ? energy.value() : spec::edp_js(energy, spec::Nanoseconds(run.latency_ns));
}

EnergyEntries entries_with(const EnergyFitProblem& problem, const std::vector<double>& values) {
  EnergyEntries entries = problem.start;
  for (std::size_t j = 0; j < problem.free.size(); ++j)
    for (std::size_t entry : problem.free[j].entries)
      entries[entry] = problem.free[j].scale ? problem.start[entry] * values[j] : values[j];
  return entries;
}

EnergyEntries EnergyFitProblem::at_bounds(BoundHit bound) const {
  std::vector<double> values;
  for (const FreeValue& f : free) values.push_back(bound == BoundHit::kLower ? f.lower : f.upper);
  return entries_with(*this, values);
}

BoundedLeastSquares row_equations(const EnergyFitProblem& problem) {
  const Eigen::Index rows = index(problem.rows.size()), n = index(problem.free.size());
  BoundedLeastSquares q{Eigen::MatrixXd(rows, n), Eigen::VectorXd(rows), Eigen::VectorXd::Zero(n),
                        Eigen::VectorXd::Ones(n)};
  const EnergyEntries at_lower = problem.at_bounds(BoundHit::kLower);
  for (std::size_t i = 0; i < problem.rows.size(); ++i) {
    const TargetRow& row = problem.rows[i];
    const double root = std::sqrt(row.weight);
    q.b[index(i)] = root * (1 - row.predicted(at_lower) / row.target);
    for (std::size_t j = 0; j < problem.free.size(); ++j) {
      const FreeValue& f = problem.free[j];
      double per_unit = 0;
      for (std::size_t entry : f.entries)
        per_unit += row.run.pj_per_unit[entry] * (f.scale ? problem.start[entry] : 1.0);
      const spec::Picojoules width(per_unit * (f.upper - f.lower));
      const double moved = row.kind == EnergyTarget::kEnergy
                               ? width.value()
                               : spec::edp_js(width, spec::Nanoseconds(row.run.latency_ns));
      q.a(index(i), index(j)) = root * moved / row.target;
    }
  }
  return q;
}

EnergyFit fit_energy(const EnergyFitProblem& problem) {
  const BoundedLeastSquares rows = row_equations(problem);
  const Eigen::Index m = rows.a.rows(), n = rows.a.cols();
  Eigen::VectorXd start(n);
  for (std::size_t j = 0; j < problem.free.size(); ++j) {
    const FreeValue& f = problem.free[j];
    start[index(j)] = std::clamp((f.start - f.lower) / (f.upper - f.lower), 0.0, 1.0);
  }
  BoundedLeastSquares pulled{Eigen::MatrixXd::Zero(m + n, n), Eigen::VectorXd(m + n), rows.lower, rows.upper};
  pulled.a.topRows(m) = rows.a;
  pulled.b.head(m) = rows.b;
  pulled.a.bottomRows(n).diagonal().setConstant(std::sqrt(problem.pull));
  pulled.b.tail(n) = std::sqrt(problem.pull) * start;
  const BoundedSolution solution = solve_bounded(pulled, start);
  EnergyFit fit;
  fit.hits = solution.hits;
  for (std::size_t j = 0; j < problem.free.size(); ++j) {
    const FreeValue& f = problem.free[j];
    const double value = f.lower + solution.x[index(j)] * (f.upper - f.lower);
    fit.values.push_back(std::clamp(rounded(value), f.lower, f.upper));
  }
  fit.entries = entries_with(problem, fit.values);
  for (const FreeValue& f : problem.free)
    for (std::size_t entry : f.entries)
      if (f.scale) fit.entries[entry] = rounded(fit.entries[entry]);
  fit.identifiability = identify(rows.a);
  return fit;
}

}  // namespace heat::offline
