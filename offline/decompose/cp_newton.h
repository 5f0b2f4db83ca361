// The finish of CP for small tensors. Inside this room only.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <span>
#include <vector>

#include "offline/decompose/decomposition.h"

namespace heat::offline {

class CpNewton {
 public:
  // As CpSweeps.
  CpNewton(std::span<const double> w, const TensorShape& shape, std::vector<Core> start, int threads);

  // Unknowns of the equations that a step solves: those of all factors but the longest one's.
  static std::int64_t unknowns(const TensorShape& shape, std::int64_t rank);

  // One damped step that lowers the error; false where none does.
  bool step();
  // Steps until the error is below `enough` and no longer falls tenfold a step, until it hardly falls, or `limit` steps;
  // how many.
  int run(int limit, double enough);

  double error() const { return error_; }
  // The sum over the components of their squared norms.
  double squared_weights() const;
  const std::vector<Core>& factors() const { return factors_; }

 private:
  using Matrix = Eigen::MatrixXd;
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Change = std::vector<Matrix>;  // of every factor, or by every factor

  void form_normals();
  Change gradients_of(const std::vector<double>& residual) const;
  bool factorise(double damping);
  Change solve(const Change& gradients) const;
  void bend(Change& change) const;
  std::vector<Core> moved(const Change& change, double length) const;
  double residual_of(const std::vector<Core>& factors, std::vector<double>& residual) const;
  void balance();

  std::span<const double> w_;
  TensorShape shape_;
  std::vector<Core> factors_;
  int threads_;
  std::int64_t rank_;
  double norm2_;
  std::size_t longest_ = 0;
  std::vector<double> residual_;  // W' - W
  std::vector<Matrix> grams_;
  std::vector<Change> normals_;
  RowMajor system_;  // lower: the Cholesky factor of the equations
  Matrix long_inverse_;
  double error_ = 0, damping_ = 1e-3, growth_ = 2;
};

}  // namespace heat::offline
