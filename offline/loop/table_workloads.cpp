// The row's network is made again from its shape and rank; its path is found among the least by its text.
#include "offline/loop/table_workloads.h"

#include <set>

#include "offline/cost_table/pareto.h"
#include "offline/cost_table/provenance.h"
#include "offline/path/optimal_path.h"

namespace heat::offline {
namespace {

std::set<std::size_t> selected(const std::vector<CostRow>& rows, const std::string& which) {
  std::set<std::size_t> chosen;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (which == "all" || rows[i].form.is_dense()) chosen.insert(i);
    if (which != "s_star") continue;
    for (const auto select : {select_by_error, select_by_edp})
      if (const auto s = select(rows, rows[i], rows[i].form.method, SelectionLimits{})) chosen.insert(*s);
  }
  if (which == "front")
    for (std::size_t i : pareto_front(rows)) chosen.insert(i);
  return chosen;
}

CalibrationWorkload workload_of(const CostRow& row, const BuildOptions& options) {
  const TensorNetwork network = linear_network(row.form, row.tokens);
  for (const PlannedPath& planned : paths_to_map(network, options.paths, options.max_path_macs)) {
    const OnlinePlan plan = online_plan(network, planned);
    if (plan.network.einsum.text() != row.einsum || path_text(plan.path) != row.path) continue;
    CalibrationWorkload w;
    w.name = row.key();
    w.einsum = plan.network.einsum;
    w.path = plan.path;
    for (std::size_t i = 0; i < plan.network.size(); ++i)
      if (!plan.network.is_static[i]) w.input = static_cast<int>(i);
    w.form = {"layer", row.form};
    return w;
  }
  throw base::ConfigError("the cost table's row '" + row.key() + "': its path " + row.path +
                          " is none of those that are mapped; make the table again");
}

}  // namespace

std::vector<CalibrationWorkload> table_workloads(const CostTable& table, const std::string& which) {
  const BuildOptions options = table_options(table);
  const std::vector<CostRow> rows = table.rows();
  std::vector<CalibrationWorkload> workloads;
  for (std::size_t i : selected(rows, which))
    if (rows[i].feasible) workloads.push_back(workload_of(rows[i], options));
  return workloads;
}

}  // namespace heat::offline
