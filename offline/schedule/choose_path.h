// The contraction path that is cheapest on the machine, among the least by MACs.
#pragma once

#include <map>
#include <string>

#include "offline/path/optimal_path.h"
#include "offline/schedule/layer_cost.h"

namespace heat::offline {

class HardwarePaths {
 public:
  // Costs paths_to_map(network, paths, max_macs). `coster` must outlive this.
  explicit HardwarePaths(LayerCoster& coster, int paths = 2, double max_macs = 2)
      : coster_(coster), paths_(paths), max_macs_(max_macs) {}

  struct Choice {
    OnlinePlan plan;
    std::int64_t macs = 0;  // of the plan
    LayerCost cost;
  };
  // Of least EDP; where none is feasible, the one of least bound (LayerCoster::least). Remembers what it was asked.
  const Choice& best(const TensorNetwork& network);

 private:
  LayerCoster& coster_;
  const int paths_;
  const double max_macs_;
  std::map<std::string, Choice> known_;
};

}  // namespace heat::offline
