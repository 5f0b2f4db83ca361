// What a row's layer costs on the machine, as the analytical model predicts it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "offline/cost_table/candidates.h"
#include "offline/cost_table/table.h"
#include "offline/path/tensor_network.h"
#include "offline/schedule/layer_cost.h"

namespace heat::offline {

struct BuildOptions {
  std::vector<const Method*> methods = heat::offline::methods();
  CandidateOptions candidates;
  std::int64_t tokens = 384;
  std::uint64_t seed = 1;
  int threads = 0;
  int iterations = 10;        // of iterative methods: the table compares shapes, it does not keep the cores
  int paths = 3;              // least paths by MACs that are costed on the machine; the best EDP stays
  double max_path_macs = 4;   // a further path only up to this many times the least MACs
  double max_dense_macs = 2;  // candidates above this many times the dense MACs are left out (Method)
};

// How rows are mapped: a mapping within two hundredths of the best takes a tenth of the time.
inline mapper::SearchOptions table_search() {
  mapper::SearchOptions options;
  options.gap = 0.02;
  return options;
}

// The cheapest way to run a network on the machine among its least paths.
struct NetworkCost {
  LayerCost cost;
  std::string einsum, path, mapping;  // as in CostRow
  double macs = 0;
};
NetworkCost cost_network(const TensorNetwork& network, LayerCoster& coster, const BuildOptions& options);

// "[[0,1],[0,2]]".
std::string path_text(const spec::ContractionPath& path);

// The predicted cost of the row's layer under the coster's calibration. `coster` and the clock must be of one
// architecture.
void predict_row(CostRow& row, LayerCoster& coster, double clock_ghz, const BuildOptions& options);

}  // namespace heat::offline
