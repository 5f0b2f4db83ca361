// Ranks for an error, where rank_rules.h has ranks for parameters.
#pragma once

#include <span>

#include "offline/decompose/decomposition.h"

namespace heat::offline {

// The decomposition of fewest parameters (to half a percent) whose relative error is at most `error`, among the ranks that the
// method thinks best within a budget (RankPlanner). Throws base::ConfigError where `error` is not above 0, base::Error where
// not even twice the parameters of the dense matrix reach it (with the error that they do).
DecomposeResult decompose_to_error(std::span<const double> w, const Method& method, const TensorShape& shape,
                                   double error, const DecomposeOptions& options = {});

}  // namespace heat::offline
