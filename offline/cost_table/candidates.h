// The shape-rank pairs that a cost table evaluates (paper, figure 7).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "offline/decompose/methods.h"

namespace heat::offline {

// How a ladder's ratio becomes ranks (rank_rules.h).
enum class RankRule {
  kBest,      // those of lowest error within it
  kTensorLy,  // TensorLy's within it: the paper's R(TensorLy)
};

struct CandidateOptions {
  std::vector<double> ratios = {0.1, 0.2, 0.3, 0.4};  // parameters over dense parameters
  int top_k = 2;                                      // shapes of largest entropy kept for each pair of axis counts
  int max_side_axes = 3;                              // most row modes, most column modes
  int max_axes = 4;  // most modes in all of a free shape; of a paired one most cores is max_side_axes
  std::int64_t smallest_mode = 2;
  RankRule rank_rule = RankRule::kBest;
};

// All ways to write n as a product of `parts` factors of at least `smallest`, each list rising. parts = 1 gives {n}.
std::vector<std::vector<std::int64_t>> factorizations(std::int64_t n, int parts, std::int64_t smallest);

// Entropy (nats) of the row modes plus that of the column modes, each mode weighing log(mode) / log(side): largest for
// equal modes, 0 for an unsplit side.
double shape_entropy(const TensorShape& shape);

// The shapes of a method for matrices [rows, cols]: for each pair of axis counts the top k by entropy, and the method's
// plain shape (default_shape.h); every one with its row modes rising and falling and its column modes rising and falling.
// A method that takes the matrix itself has that alone. Sorted, distinct.
std::vector<TensorShape> shape_candidates(const Method& method, std::int64_t rows, std::int64_t cols,
                                          const CandidateOptions& options);

// The forms of a shape at the ranks that the ladder of ratios gives for the matrix w by the rank rule; distinct ranks
// only, and none for ratios that no rank of this shape meets.
std::vector<Form> rank_ladder(std::span<const double> w, const Method& method, const TensorShape& shape,
                              const CandidateOptions& options);

}  // namespace heat::offline
