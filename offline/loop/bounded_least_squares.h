// Linear least squares within bounds.
#pragma once

#include <Eigen/Core>
#include <vector>

namespace heat::offline {

// min |A x - b|^2 with lower <= x <= upper.
struct BoundedLeastSquares {
  Eigen::MatrixXd a;  // [equations, unknowns], of full column rank
  Eigen::VectorXd b;
  Eigen::VectorXd lower, upper;  // lower < upper
};

enum class BoundHit { kNone, kLower, kUpper };

struct BoundedSolution {
  Eigen::VectorXd x;           // exactly the bound where one is hit
  std::vector<BoundHit> hits;  // of every unknown: the bound that holds it
};

// The one minimiser. It fulfils the Karush-Kuhn-Tucker conditions: the gradient A'(A x - b) is 0 where no bound holds x, at
// least 0 at a lower bound, at most 0 at an upper one. `start` is where the search begins and changes nothing else.
// Deterministic.
BoundedSolution solve_bounded(const BoundedLeastSquares& problem, const Eigen::VectorXd& start);

}  // namespace heat::offline
