// The passes of TT-SVD (Oseledets 2011, algorithm 1). Inside this room only.
#pragma once

#include <cstdint>
#include <vector>

namespace heat::offline {

// Splits the row-major tensor [ranks.front(), modes..., ranks.back()] into the cores [ranks[k], modes[k], ranks[k + 1]] of
// a train: each pass takes a truncated SVD's left vectors off and goes on with diag(values) * right. Precondition: ranks
// are at most what the unfoldings have.
std::vector<std::vector<double>> tt_svd(std::vector<double> tensor, const std::vector<std::int64_t>& modes,
                                        const std::vector<std::int64_t>& ranks, int threads);

}  // namespace heat::offline
