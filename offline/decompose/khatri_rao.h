// Column-wise Kronecker products of factor matrices, and their contraction with an MTTKRP panel.
#pragma once

#include <cstdint>
#include <vector>

#include "offline/decompose/decomposition.h"

namespace heat::offline {

// [product of the factors' modes, rank] row-major: entry (i1 i2 ..., r) is the product of factors[k](i_k, r).
// Factors are cores with dims [mode, rank].
std::vector<double> khatri_rao(const std::vector<Core>& factors, std::int64_t rank);

// Sums panel [product of modes, rank] against all factors but number `kept`: [modes[kept], rank].
std::vector<double> contract_panel(const std::vector<double>& panel, const std::vector<Core>& factors, std::size_t kept,
                                   std::int64_t rank);

}  // namespace heat::offline
