// Beyond the paper, which takes the path of least MACs: a few are mapped and the best EDP wins.
#include "offline/schedule/choose_path.h"

#include <algorithm>

namespace heat::offline {

const HardwarePaths::Choice& HardwarePaths::best(const TensorNetwork& network) {
  std::string key = network.einsum.text();
  for (const auto& [index, size] : network.einsum.sizes) key += " " + index + "=" + std::to_string(size);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  Choice best;
  bool first = true;
  for (const PlannedPath& path : paths_to_map(network, paths_, max_macs_)) {
    Choice choice{online_plan(network, path), {}};
    choice.cost = coster_.cost(choice.plan.network.einsum, choice.plan.path, choice.plan.network.statics());
    if (first || (choice.cost.feasible && (!best.cost.feasible || choice.cost.edp_js < best.cost.edp_js)))
      best = std::move(choice);
    first = false;
  }
  return known_.emplace(key, std::move(best)).first->second;
}

}  // namespace heat::offline
