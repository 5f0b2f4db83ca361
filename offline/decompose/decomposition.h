// The decompositions of a weight matrix: CP, Tucker, tensor-train matrix (TTM) and truncated SVD.
//
//   std::vector<double> w = ...;                                     // row-major [rows, cols]
//   TensorShape shape = parse_shape("768x12x64", Method::kCp, 768, 768);
//   DecomposeResult r = decompose(w, Method::kCp, shape, {280});
//   r.relative_error;  reconstruct(r.decomposition);  truncate(r.decomposition, {140});
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "offline/decompose/tensor_shape.h"

namespace heat::offline {

// One tensor of a decomposition, row-major.
struct Core {
  std::string name;
  std::vector<std::int64_t> dims;
  std::vector<double> data;
};

// A decomposed matrix. Cores by method (m_i row modes, n_j column modes, in the order given):
//   cp      "row0" [m_0, R] ... "col0" [n_0, R] ...; weights [R], components sorted by falling weight, unit columns
//   tucker  "core" [r_0, ..., r_d-1], then "row0" [m_0, r_0] ... "col0" [n_0, r_k] ... (orthonormal columns)
//   ttm     "core0" [r_0, m_0, n_0, r_1], "core1" [r_1, m_1, n_1, r_2] ...
//   svd     "row0" [rows, R], "col0" [cols, R]; weights [R] the singular values
struct Decomposition {
  Method method = Method::kSvd;
  TensorShape shape;
  std::vector<std::int64_t> ranks;
  std::vector<Core> cores;
  std::vector<double> weights;  // cp and svd only
};

struct DecomposeOptions {
  std::uint64_t seed = 1;
  int threads = 0;         // 0: as many as the machine has; the result does not depend on it
  int max_iterations = 0;  // 0: the method's default (cp 100, tucker 100); svd and ttm take one pass
  double tolerance = 0;    // stops when an iteration lowers the relative error by less; 0: cp 1e-6, tucker 1e-7
  int restarts = 1;        // cp: starting points tried for a few iterations; the best goes on
};

struct DecomposeResult {
  Decomposition decomposition;
  double relative_error = 0;  // of the reconstruction: ||W - W'||_F / ||W||_F (0 for a zero matrix)
  int iterations = 0;
};

// Decomposes w, row-major [shape.rows(), shape.cols()]. `ranks` are checked as by feasible_ranks. Throws
// spec::ConfigError on a wrong size and on NaN or infinity (with the place of the first).
DecomposeResult decompose(std::span<const double> w, Method method, const TensorShape& shape,
                          const std::vector<std::int64_t>& ranks, const DecomposeOptions& options = {});

// W' row-major [rows, cols].
std::vector<double> reconstruct(const Decomposition& decomposition, int threads = 0);

// ||w - approximation||_F / ||w||_F; 0 when both are zero.
double relative_error(std::span<const double> w, std::span<const double> approximation);

// Parameters of the decomposition when deployed, and that over rows * cols.
std::int64_t params(const Decomposition& decomposition);
double ratio(const Decomposition& decomposition);

// The first r entries along each rank axis (the Rank SuperNet's SubNet). `ranks` as in `decomposition.ranks`, none
// larger than it has. Throws spec::ConfigError otherwise.
Decomposition truncate(const Decomposition& decomposition, const std::vector<std::int64_t>& ranks);

}  // namespace heat::offline
