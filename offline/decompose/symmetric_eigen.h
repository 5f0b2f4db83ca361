// The spectrum of symmetric matrices. Inside this room only.
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <vector>

namespace heat::offline {

struct LeadingEigen {
  std::vector<double> values;   // [rank], falling
  std::vector<double> vectors;  // [n, rank] row-major, orthonormal columns
};

// The `rank` leading eigenvalues and vectors of a symmetric matrix with entries of about 1.
LeadingEigen leading_eigen(const Eigen::MatrixXd& a, std::int64_t rank, int threads);

}  // namespace heat::offline
