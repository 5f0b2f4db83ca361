// The decomposition of a weight matrix into the cores of a tensor network.
//
//   std::vector<double> w = ...;                                     // row-major [rows, cols]
//   Form form = parse_form("METHOD", "768x12x64", "280", 768, 768);
//   DecomposeResult r = decompose(w, form);
//   r.relative_error;  reconstruct(r.decomposition);  truncate(r.decomposition, {140});
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "offline/decompose/methods.h"

namespace heat::offline {

// One tensor of a decomposition, row-major. Without data where only sizes matter.
struct Core {
  std::string name;
  std::vector<std::int64_t> dims;
  std::vector<double> data;
};

// A decomposed matrix: the cores of core_network(form), in its order, and a weight for each component of the network's
// weighted index; no weights: they are in the cores, or the network has none.
struct Decomposition {
  Form form;
  std::vector<Core> cores;
  std::vector<double> weights;
};

struct DecomposeOptions {
  std::uint64_t seed = 1;
  int threads = 0;         // 0: as many as the machine has; the result does not depend on it
  int max_iterations = 0;  // 0: the method's default; methods of one pass have none
  double tolerance = 0;    // stops when an iteration lowers the relative error by less; 0: the method's default
  int restarts = 1;        // iterative methods with random starts: starts tried for a few iterations; the best goes on
};

// What a method makes of a matrix: cores and weights as in Decomposition, and the iterations it took.
struct MethodResult {
  std::vector<Core> cores;
  std::vector<double> weights;
  int iterations = 1;
  // ||W'||^2 where W' is an orthogonal projection of W, so that it tells the error.
  std::optional<double> kept;
};

struct DecomposeResult {
  Decomposition decomposition;
  double relative_error = 0;  // of the reconstruction: ||W - W'||_F / ||W||_F (0 for a zero matrix)
  int iterations = 0;
};

// Decomposes w, row-major [rows, cols]. The form's ranks are checked and clipped (feasible). Throws base::ConfigError on
// a wrong size and on NaN or infinity (with the place of the first).
DecomposeResult decompose(std::span<const double> w, const Form& form, const DecomposeOptions& options = {});

// W' row-major [rows, cols].
std::vector<double> reconstruct(const Decomposition& decomposition, int threads = 0);

// ||w - approximation||_F / ||w||_F; 0 when both are zero.
double relative_error(std::span<const double> w, std::span<const double> approximation);

// The network of a form that is not dense, at its ranks as they are. Throws base::ConfigError on ranks that the method
// rejects.
CoreNetwork core_network(const Form& form);
// Values stored when deployed: all cores (weights are folded into a core then and not counted); of a dense form all
// elements.
std::int64_t parameter_count(const Form& form);
double parameter_ratio(const Form& form);  // over rows * cols

// A decomposition whose cores have their names and dims but no data (a schedule that only counts).
Decomposition without_values(const Form& form);
// Cores as they are deployed: weights shared out evenly over the cores that hold the weighted index, so that every
// product along a path keeps a similar range.
std::vector<Core> deployed_cores(const Decomposition& decomposition);

// The first r entries along each rank axis (the Rank SuperNet's SubNet). `ranks` as in the form, none larger than it
// has. Throws base::ConfigError otherwise.
Decomposition truncate(const Decomposition& decomposition, const Ranks& ranks);

}  // namespace heat::offline
