// Beyond the paper, which takes the path of least MACs: a few are mapped and the best EDP wins. Those of least bound come
// first; from the first on whose bound is no better than what was found, none is mapped.
#include "offline/schedule/choose_path.h"

#include <algorithm>
#include <optional>

namespace heat::offline {

const HardwarePaths::Choice& HardwarePaths::best(const TensorNetwork& network) {
  std::string key = network.einsum.text();
  for (const auto& [index, size] : network.einsum.sizes) key += " " + index + "=" + std::to_string(size);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  struct Bounded {
    OnlinePlan plan;
    std::int64_t macs;
    double least_edp_js;
  };
  std::vector<Bounded> plans;
  for (const PlannedPath& path : paths_to_map(network, paths_, max_macs_)) {
    OnlinePlan plan = online_plan(network, path);
    const double least = coster_.edp_js(coster_.least(plan));
    plans.push_back({std::move(plan), path.online_macs, least});
  }
  std::stable_sort(plans.begin(), plans.end(),
                   [](const Bounded& a, const Bounded& b) { return a.least_edp_js < b.least_edp_js; });
  std::optional<Choice> best;
  for (Bounded& p : plans) {
    if (best && best->cost.feasible && p.least_edp_js >= best->cost.edp_js) break;
    LayerCost cost = coster_.cost(p.plan);
    if (!best || (cost.feasible && (!best->cost.feasible || cost.edp_js < best->cost.edp_js)))
      best = Choice{std::move(p.plan), p.macs, std::move(cost)};
  }
  return known_.emplace(key, std::move(*best)).first->second;
}

}  // namespace heat::offline
