// Active-set method (Stark and Parker, "Bounded-variable least squares", 1995): least squares over the unknowns that no
// bound holds; when that leaves the box, go as far as the first bound and hold the unknown there; when it does not, let go
// the unknown whose gradient pulls hardest into the box. Every full step lowers the objective and there are finitely many
// sets, so that it ends.
#include "offline/loop/bounded_least_squares.h"

#include <Eigen/QR>
#include <algorithm>
#include <cmath>

#include "base/errors.h"

namespace heat::offline {
namespace {

class ActiveSet {
 public:
  ActiveSet(const BoundedLeastSquares& problem, const Eigen::VectorXd& start)
      : p_(problem),
        x_(start.cwiseMax(problem.lower).cwiseMin(problem.upper)),
        hits_(static_cast<std::size_t>(problem.a.cols()), BoundHit::kNone) {
    for (Eigen::Index j = 0; j < x_.size(); ++j) {
      if (x_[j] == p_.lower[j]) hit(j) = BoundHit::kLower;
      if (x_[j] == p_.upper[j]) hit(j) = BoundHit::kUpper;
    }
  }

  BoundedSolution solve() {
    const Eigen::Index n = p_.a.cols();
    for (Eigen::Index step = 0; step < 1000 * (n + 1); ++step) {
      if (!advance()) continue;
      const Eigen::Index released = strongest_pull();
      if (released < 0) return {x_, hits_};
      hit(released) = BoundHit::kNone;
    }
    HEAT_CHECK(false, "the active-set method does not end");
  }

 private:
  BoundHit& hit(Eigen::Index j) { return hits_[static_cast<std::size_t>(j)]; }

  // Towards the minimum over the unknowns that no bound holds; true when it was reached.
  bool advance() {
    std::vector<Eigen::Index> free;
    for (Eigen::Index j = 0; j < x_.size(); ++j)
      if (hit(j) == BoundHit::kNone) free.push_back(j);
    if (free.empty()) return true;
    Eigen::MatrixXd a(p_.a.rows(), static_cast<Eigen::Index>(free.size()));
    for (std::size_t i = 0; i < free.size(); ++i) a.col(static_cast<Eigen::Index>(i)) = p_.a.col(free[i]);
    const Eigen::VectorXd move = a.colPivHouseholderQr().solve(p_.b - p_.a * x_);
    double length = 1;
    Eigen::Index first = -1;
    for (std::size_t i = 0; i < free.size(); ++i) {
      const Eigen::Index j = free[i];
      const double by = move[static_cast<Eigen::Index>(i)];
      const double room = by > 0 ? p_.upper[j] - x_[j] : x_[j] - p_.lower[j];
      if (std::abs(by) * length <= room) continue;
      length = room / std::abs(by);
      first = j;
    }
    for (std::size_t i = 0; i < free.size(); ++i) x_[free[i]] += length * move[static_cast<Eigen::Index>(i)];
    if (first < 0) return true;
    const auto at = std::find(free.begin(), free.end(), first) - free.begin();
    hit(first) = move[at] > 0 ? BoundHit::kUpper : BoundHit::kLower;
    x_[first] = move[at] > 0 ? p_.upper[first] : p_.lower[first];
    return false;
  }

  // The unknown at a bound whose gradient points most into the box, in units of its column; -1: none does.
  Eigen::Index strongest_pull() {
    const Eigen::VectorXd residual = p_.a * x_ - p_.b;
    const double tolerance = 1e-12 * (p_.b.norm() + (p_.a * x_).norm());
    Eigen::Index best = -1;
    double most = tolerance;
    for (Eigen::Index j = 0; j < x_.size(); ++j) {
      if (hit(j) == BoundHit::kNone) continue;
      const double gradient = p_.a.col(j).dot(residual) / p_.a.col(j).norm();
      const double pull = hit(j) == BoundHit::kLower ? -gradient : gradient;
      if (pull <= most) continue;
      most = pull;
      best = j;
    }
    return best;
  }

  const BoundedLeastSquares& p_;
  Eigen::VectorXd x_;
  std::vector<BoundHit> hits_;
};

}  // namespace

BoundedSolution solve_bounded(const BoundedLeastSquares& problem, const Eigen::VectorXd& start) {
  const Eigen::Index n = problem.a.cols();
  HEAT_CHECK(problem.b.size() == problem.a.rows() && problem.lower.size() == n && problem.upper.size() == n &&
                 start.size() == n && (problem.lower.array() < problem.upper.array()).all(),
             "sizes and bounds of a least-squares problem");
  return ActiveSet(problem, start).solve();
}

}  // namespace heat::offline
