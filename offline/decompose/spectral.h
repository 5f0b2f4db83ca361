// Leading singular subspaces of tall and wide matrices from the eigenvectors of the smaller Gram matrix.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/decompose/dense_kernels.h"

namespace heat::offline {

// a * a^T [rows, rows].
std::vector<double> gram_of(const MatrixView& a, int threads);

// a ~ left [rows, rank] * diag(values) * right [rank, cols]: left orthonormal columns, values falling, each row of
// `right` of unit norm (a zero row where the value is zero, that is below 1e-14 of the largest).
struct LeadingTriplets {
  std::vector<double> left;    // [rows, rank] row-major
  std::vector<double> values;  // [rank]
  std::vector<double> right;   // [rank, cols] row-major
};

// Precondition: 1 <= rank <= min(rows, cols). Signs: the entry of largest magnitude of each left vector is positive.
LeadingTriplets leading_triplets(const MatrixView& a, std::int64_t rank, int threads);

// The same without norms: a ~ left [rows, rank] * rest [rank, cols], left with orthonormal columns (a zero one where the value
// is zero and a has more rows than columns), so that the squared norm of rest is what is kept of a's.
struct LeadingProjection {
  std::vector<double> left, rest;
};
LeadingProjection leading_projection(const MatrixView& a, std::int64_t rank, int threads);

// The left vectors alone: orthonormal [rows, rank] row-major; rank may be up to rows.
std::vector<double> leading_left_vectors(const MatrixView& a, std::int64_t rank, int threads);

// Extends `basis` [rows, have] (orthonormal columns) to `want` columns, by unit vectors made orthogonal to it.
std::vector<double> complete_basis(const std::vector<double>& basis, std::int64_t rows, std::int64_t have,
                                   std::int64_t want);

}  // namespace heat::offline
