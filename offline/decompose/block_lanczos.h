// Leading eigenvectors of symmetric matrices, where few are wanted. Inside this room only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace heat::offline {

// The `rank` leading eigenvectors of the positive semidefinite a [n, n] row-major, as the columns of [n, rank] row-major, by
// falling eigenvalue: what they miss of the trace of the best ones is below 1e-9 of theirs. Nothing where a full
// decomposition costs less, or where the eigenvalues vanish before `rank`.
std::optional<std::vector<double>> block_lanczos(const std::vector<double>& a, std::int64_t n, std::int64_t rank,
                                                 int threads);

}  // namespace heat::offline
