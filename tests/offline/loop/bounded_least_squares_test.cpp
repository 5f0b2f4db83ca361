// Bounded least squares against its optimality conditions, against every active set, and against a grid.
#include "offline/loop/bounded_least_squares.h"

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <cmath>
#include <limits>
#include <random>

namespace heat::offline {
namespace {

BoundedLeastSquares random_problem(Eigen::Index rows, Eigen::Index n, std::mt19937& random) {
  std::uniform_real_distribution<double> uniform(-1, 1);
  BoundedLeastSquares p{Eigen::MatrixXd(rows, n), Eigen::VectorXd(rows), Eigen::VectorXd(n), Eigen::VectorXd(n)};
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) p.a(i, j) = uniform(random);
    p.b[i] = 2 * uniform(random);
  }
  for (Eigen::Index j = 0; j < n; ++j) {
    p.lower[j] = uniform(random);
    p.upper[j] = p.lower[j] + 0.1 + std::abs(uniform(random));
  }
  return p;
}

double objective(const BoundedLeastSquares& p, const Eigen::VectorXd& x) {
  return (p.a * x - p.b).squaredNorm();
}

void expect_optimal(const BoundedLeastSquares& p, const BoundedSolution& s) {
  const Eigen::VectorXd gradient = p.a.transpose() * (p.a * s.x - p.b);
  for (Eigen::Index j = 0; j < s.x.size(); ++j) {
    EXPECT_GE(s.x[j], p.lower[j]);
    EXPECT_LE(s.x[j], p.upper[j]);
    switch (s.hits[static_cast<std::size_t>(j)]) {
      case BoundHit::kNone:
        EXPECT_NEAR(gradient[j], 0, 1e-10) << j;
        break;
      case BoundHit::kLower:
        EXPECT_EQ(s.x[j], p.lower[j]);
        EXPECT_GE(gradient[j], -1e-10) << j;
        break;
      case BoundHit::kUpper:
        EXPECT_EQ(s.x[j], p.upper[j]);
        EXPECT_LE(gradient[j], 1e-10) << j;
        break;
    }
  }
}

// The best of the minima over all 3^n choices of who is held at which bound.
Eigen::VectorXd by_enumeration(const BoundedLeastSquares& p) {
  const Eigen::Index n = p.a.cols();
  Eigen::VectorXd best;
  double least = std::numeric_limits<double>::infinity();
  int sets = 1;
  for (Eigen::Index j = 0; j < n; ++j) sets *= 3;
  for (int set = 0; set < sets; ++set) {
    Eigen::VectorXd x = Eigen::VectorXd::Zero(n);
    std::vector<Eigen::Index> free;
    int rest = set;
    for (Eigen::Index j = 0; j < n; ++j, rest /= 3) {
      if (rest % 3 == 0) free.push_back(j);
      if (rest % 3 == 1) x[j] = p.lower[j];
      if (rest % 3 == 2) x[j] = p.upper[j];
    }
    if (!free.empty()) {
      Eigen::MatrixXd a(p.a.rows(), static_cast<Eigen::Index>(free.size()));
      for (std::size_t i = 0; i < free.size(); ++i) a.col(static_cast<Eigen::Index>(i)) = p.a.col(free[i]);
      const Eigen::VectorXd y = (a.transpose() * a).ldlt().solve(a.transpose() * (p.b - p.a * x));
      for (std::size_t i = 0; i < free.size(); ++i) x[free[i]] = y[static_cast<Eigen::Index>(i)];
    }
    if ((x.array() < p.lower.array() - 1e-12).any() || (x.array() > p.upper.array() + 1e-12).any()) continue;
    if (objective(p, x) < least) {
      least = objective(p, x);
      best = x;
    }
  }
  return best;
}

TEST(BoundedLeastSquares, IsTheBestOfAllActiveSetsWhereverItStarts) {
  std::mt19937 random(7);
  int held = 0;
  for (int round = 0; round < 300; ++round) {
    const Eigen::Index n = 1 + round % 5, rows = n + round % 4;
    const BoundedLeastSquares p = random_problem(rows, n, random);
    const Eigen::VectorXd expected = by_enumeration(p);
    for (const Eigen::VectorXd& start : {p.lower, p.upper, Eigen::VectorXd((p.lower + p.upper) / 2)}) {
      const BoundedSolution s = solve_bounded(p, start);
      expect_optimal(p, s);
      EXPECT_LT((s.x - expected).norm(), 1e-7) << "round " << round;
      for (BoundHit hit : s.hits) held += hit != BoundHit::kNone;
    }
  }
  EXPECT_GT(held, 500);  // the bounds do bind
}

TEST(BoundedLeastSquares, FulfilsTheOptimalityConditionsWithTwentyUnknowns) {
  std::mt19937 random(3);
  for (int round = 0; round < 100; ++round) {
    const BoundedLeastSquares p = random_problem(20 + round % 7, 20, random);
    expect_optimal(p, solve_bounded(p, p.lower));
  }
}

TEST(BoundedLeastSquares, BeatsEveryPointOfAGrid) {
  std::mt19937 random(11);
  for (int round = 0; round < 20; ++round) {
    const BoundedLeastSquares p = random_problem(3, 2, random);
    const double least = objective(p, solve_bounded(p, p.upper).x);
    double best_of_grid = std::numeric_limits<double>::infinity();
    constexpr int kSteps = 200;
    for (int i = 0; i <= kSteps; ++i)
      for (int j = 0; j <= kSteps; ++j) {
        const Eigen::Vector2d at(p.lower[0] + (p.upper[0] - p.lower[0]) * i / kSteps,
                                 p.lower[1] + (p.upper[1] - p.lower[1]) * j / kSteps);
        best_of_grid = std::min(best_of_grid, objective(p, at));
      }
    EXPECT_LE(least, best_of_grid + 1e-12);
    EXPECT_GT(least, best_of_grid - 0.02);
  }
}

TEST(BoundedLeastSquares, SizesAndBoundsAreChecked) {
  BoundedLeastSquares p{Eigen::MatrixXd::Identity(2, 2), Eigen::Vector2d(1, 1), Eigen::Vector2d(0, 0),
                        Eigen::Vector2d(1, 0)};
  EXPECT_THROW(solve_bounded(p, p.lower), std::logic_error);
}

}  // namespace
}  // namespace heat::offline
