// Rank correlation.
#pragma once

#include <vector>

namespace heat::offline {

// Spearman's correlation of two samples of the same size, ties by mean rank. 0 when one of them is constant or has
// fewer than two values.
double spearman(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace heat::offline
