// Beyond the paper, which takes the path of least MACs: the least few are mapped and the best EDP wins.
#include "offline/schedule/choose_path.h"

#include <algorithm>

namespace heat::offline {

const HardwarePaths::Choice& HardwarePaths::best(const TensorNetwork& network) {
  std::string key = network.einsum.text();
  for (const auto& [index, size] : network.einsum.sizes) key += " " + index + "=" + std::to_string(size);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  Choice best;
  bool first = true;
  std::int64_t least = 0;
  for (const PlannedPath& path : k_best_paths(network, paths_)) {
    if (first) least = path.online_macs;
    if (!first && static_cast<double>(path.online_macs) > max_macs_ * static_cast<double>(least)) break;
    Choice choice{online_plan(network, path), {}};
    choice.cost = coster_.cost(choice.plan.network.einsum, choice.plan.path, choice.plan.network.statics());
    if (first || (choice.cost.feasible && (!best.cost.feasible || choice.cost.edp_js < best.cost.edp_js)))
      best = std::move(choice);
    first = false;
  }
  return known_.emplace(key, std::move(best)).first->second;
}

}  // namespace heat::offline
