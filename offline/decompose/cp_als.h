// Alternating least squares for CP. Inside this room only.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/extrapolation.h"

namespace heat::offline {

class CpSweeps {
 public:
  // w row-major [rows, cols], must outlive the sweeps; factors as in Decomposition ("row0" [mode, R] ...).
  CpSweeps(std::span<const double> w, const TensorShape& shape, std::vector<Core> start, int threads);

  // From here on components may grow and cancel each other: for a start that is exact to rounding.
  void drop_penalty();
  // One update of every factor; the relative error after it.
  double sweep();
  // Sweeps until all that follow promise to gain less than `tolerance` and `relative` of the error together, at most
  // `limit` times; how many.
  int run(int limit, double tolerance, double relative);

  // The lowest error seen, and its factors.
  double error() const { return lowest_; }
  const std::vector<Core>& best() const { return best_; }

 private:
  double update_all(const std::vector<Core>& before);
  void solve(std::size_t n, const std::vector<double>& mttkrp);
  void extrapolate(std::size_t n, const Core& before, bool last);
  Eigen::MatrixXd gram(const Core& f) const;
  double error_from(const std::vector<double>& last_mttkrp) const;
  void balance();
  void scale_column(std::size_t n, std::int64_t r, double scale);

  std::span<const double> w_;
  std::int64_t rows_, cols_;
  std::size_t border_;
  std::int64_t rank_;
  int threads_;
  double norm2_;
  double penalty_unit_;
  std::vector<Core> factors_, extrapolated_, best_;
  std::vector<Eigen::MatrixXd> grams_;  // of extrapolated_
  Eigen::MatrixXd last_gram_;           // of the last factor as solved
  double error_ = std::numeric_limits<double>::infinity();
  double lowest_ = std::numeric_limits<double>::infinity();
  ExtrapolationStep step_;
};

}  // namespace heat::offline
