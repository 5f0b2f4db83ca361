// Fills a cost table: decomposes, plans paths, costs them on the machine.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "offline/cost_table/candidates.h"
#include "offline/cost_table/table.h"
#include "offline/mapper/layer_cost.h"
#include "offline/path/tensor_network.h"

namespace heat::offline {

// A matrix the errors are measured on.
struct WeightMatrix {
  std::int64_t rows = 0, cols = 0;
  std::vector<double> values;  // row-major
  std::string origin;          // a file's name, or "synthetic"
};

// A seeded stand-in where no weights are given: 192 Gaussian rank-one terms with weights (k+1)^-0.6 and 6 % of the
// energy in noise. It ranks shapes by their degrees of freedom; it does not know a trained model's structure.
WeightMatrix synthetic_weight(std::int64_t rows, std::int64_t cols, std::uint64_t seed);

struct BuildOptions {
  std::vector<Method> methods = {Method::kSvd, Method::kCp, Method::kTucker, Method::kTtm};
  CandidateOptions candidates;
  std::int64_t tokens = 384;
  std::uint64_t seed = 1;
  int threads = 0;
  int iterations = 10;        // of CP and Tucker: the table compares shapes, it does not keep the cores
  int paths = 3;              // least paths by MACs that are costed on the machine; the best EDP stays
  double max_path_macs = 4;   // a further path only up to this many times the least MACs
  double max_dense_macs = 2;  // cp and tucker candidates above this many times the dense MACs are left out
};

// The cheapest way to run a network on the machine among its least paths.
struct NetworkCost {
  mapper::LayerCost cost;
  std::string einsum, path, mapping;  // as in CostRow
  double macs = 0;
};
NetworkCost cost_network(const TensorNetwork& network, mapper::LayerCoster& coster, const BuildOptions& options);

// One row: the decomposition's error and the layer's cost. `coster` and the clock must be of one architecture.
CostRow cost_candidate(const Candidate& candidate, const WeightMatrix& matrix, mapper::LayerCoster& coster,
                       double clock_ghz, const BuildOptions& options);
CostRow cost_dense(const WeightMatrix& matrix, mapper::LayerCoster& coster, double clock_ghz,
                   const BuildOptions& options);

struct BuildReport {
  std::int64_t computed = 0, reused = 0;
  bool stopped = false;  // by `stop`; a later run goes on
};

// Called after every shape: shapes done, shapes in all, the shape's name.
using BuildProgress = std::function<void(std::size_t, std::size_t, const std::string&)>;

// Adds every candidate that `table` lacks, for all matrices and methods, each row as soon as it is known. The rows do
// not depend on threads or on what was there before. Throws spec::ConfigError when the table was made for another
// architecture, calibration, matrix or options.
BuildReport fill_table(CostTable& table, const std::vector<WeightMatrix>& matrices, const spec::ArchSpec& arch,
                       const spec::EnergyTable& energy, const mapper::Calibration& calibration,
                       const BuildOptions& options, const BuildProgress& progress, const std::atomic<bool>& stop);

}  // namespace heat::offline
