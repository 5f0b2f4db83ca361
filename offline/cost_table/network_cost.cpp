// The paper takes the contraction path of least MACs; here a few are mapped and the best EDP wins.
#include "offline/cost_table/network_cost.h"

#include "offline/path/optimal_path.h"

namespace heat::offline {
namespace {

std::string mapping_text(const LayerCost& cost) {
  std::string text;
  for (const auto& g : cost.groups) {
    if (!text.empty()) text += " | ";
    for (std::size_t n = 0; n < g.einsums.size(); ++n) text += (n ? " ; " : "") + g.einsums[n];
    text += " (step " + std::to_string(g.step) + ", " + g.bottleneck + ")";
  }
  return text;
}

void put_cost(CostRow& row, const NetworkCost& n, double clock_ghz) {
  row.feasible = n.cost.feasible;
  row.reason = n.cost.reason;
  row.einsum = n.einsum;
  row.path = n.path;
  row.mapping = n.mapping;
  row.macs = n.macs;
  row.energy_pj = n.cost.energy_pj;
  row.latency_ns = n.cost.cycles / clock_ghz;
  row.edp_js = n.cost.edp_js;
}

}  // namespace

std::string path_text(const spec::ContractionPath& path) {
  std::string text = "[";
  for (const auto& [i, j] : path.steps)
    text += (text.size() > 1 ? "," : "") + ("[" + std::to_string(i) + "," + std::to_string(j) + "]");
  return text + "]";
}

NetworkCost cost_network(const TensorNetwork& network, LayerCoster& coster, const BuildOptions& o) {
  NetworkCost best;
  for (const PlannedPath& planned : paths_to_map(network, o.paths, o.max_path_macs)) {
    const OnlinePlan plan = online_plan(network, planned);
    NetworkCost n;
    n.cost = coster.cost(plan.network.einsum, plan.path, plan.network.statics());
    n.einsum = plan.network.einsum.text();
    n.path = path_text(plan.path);
    n.mapping = mapping_text(n.cost);
    n.macs = static_cast<double>(planned.online_macs);
    const bool first = best.path.empty();
    if (first || (n.cost.feasible && (!best.cost.feasible || n.cost.edp_js < best.cost.edp_js))) best = std::move(n);
  }
  return best;
}

void predict_row(CostRow& row, LayerCoster& coster, double clock_ghz, const BuildOptions& o) {
  put_cost(row, cost_network(linear_network(row.form, row.tokens), coster, o), clock_ghz);
}

}  // namespace heat::offline
