// Limited-memory BFGS for smooth convex functions, single-threaded and deterministic.
#pragma once

#include <functional>
#include <vector>

namespace heat::offline {

struct LbfgsOptions {
  int memory = 10;
  int max_iterations = 200;
  double gradient_tolerance = 1e-4;  // on the largest component, relative to the first gradient's
};

struct LbfgsResult {
  int iterations = 0;
  double value = 0;
  bool converged = false;
};

// Minimises from `x` in place. `function` returns the value at x and writes the gradient (same size).
LbfgsResult minimize_lbfgs(
    const std::function<double(const std::vector<float>& x, std::vector<float>& gradient)>& function,
    std::vector<float>& x, const LbfgsOptions& options = {});

}  // namespace heat::offline
