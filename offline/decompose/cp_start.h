// Starting points for the CP iteration.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "offline/decompose/decomposition.h"
#include "offline/decompose/spectral.h"

namespace heat::offline {

// The `rank` strongest rank-one terms of nested singular value decompositions, from the min(rank, rows, cols) leading
// triplets of W: W = sum s_i u_i v_i, each u_i and v_i
// reshaped to its modes and split again. The terms are orthonormal, so the start's error is already that of the best
// selection among them. Missing terms (rank above their number) are small random ones. Factors as in Decomposition
// ("row0" ...), the weight spread evenly over a component's columns.
std::vector<Core> nested_svd_start(const LeadingTriplets& triplets, const TensorShape& shape, std::int64_t rank,
                                   std::uint64_t seed, int threads);

// Uniform random factors scaled to the norm of W.
std::vector<Core> random_start(std::span<const double> w, const TensorShape& shape, std::int64_t rank,
                               std::uint64_t seed);

}  // namespace heat::offline
