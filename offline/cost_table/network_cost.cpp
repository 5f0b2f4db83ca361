// A row is the layer on its cheapest path (choose_path.h), in words.
#include "offline/cost_table/network_cost.h"

#include "offline/schedule/choose_path.h"

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
  HardwarePaths paths(coster, o.paths, o.max_path_macs);
  const HardwarePaths::Choice& best = paths.best(network);
  return {best.cost, best.plan.network.einsum.text(), path_text(best.plan.path), mapping_text(best.cost),
          static_cast<double>(best.macs)};
}

void predict_row(CostRow& row, LayerCoster& coster, double clock_ghz, const BuildOptions& o) {
  put_cost(row, cost_network(linear_network(row.form, row.tokens), coster, o), clock_ghz);
}

}  // namespace heat::offline
