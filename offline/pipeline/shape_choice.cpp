// The paper's s* weighs error against hardware as level 2 does: error * EDP^0.25.
#include "offline/pipeline/shape_choice.h"

#include <cmath>

#include "base/errors.h"
#include "offline/cost_table/front_json.h"
#include "offline/cost_table/pareto.h"

namespace heat::offline {
namespace {

// s*: of every method's choice within the ratio the one of least error * EDP^0.25.
nlohmann::json choose(const std::vector<CostRow>& rows, const CostRow& size, const PipelineConfig& config) {
  std::optional<std::size_t> best;
  const auto value = [&](std::size_t i) { return rows[i].error * std::pow(rows[i].best_edp_js(), 0.25); };
  for (const std::string& method : config.level1.methods) {
    SelectionLimits limits;
    limits.max_ratio = config.level1.max_ratio;
    const auto s = select_by_edp(rows, size, method, limits);
    if (s && (!best || value(*s) < value(*best))) best = s;
  }
  if (!best)
    throw base::Error("no candidate for " + std::to_string(size.rows) + "x" + std::to_string(size.cols) +
                      " within the ratio " + std::to_string(config.level1.max_ratio) + " fits the machine");
  nlohmann::json chosen = row_json(rows[*best]);
  chosen["rows"] = size.rows;
  chosen["cols"] = size.cols;
  return chosen;
}

}  // namespace

nlohmann::json choose_shapes(const std::vector<CostRow>& rows, const PipelineConfig& config) {
  nlohmann::json chosen = nlohmann::json::array();
  for (std::size_t i = 0; i < rows.size(); ++i)  // sorted: a size is a run
    if (i == 0 || rows[i].rows != rows[i - 1].rows || rows[i].cols != rows[i - 1].cols)
      chosen.push_back(choose(rows, rows[i], config));
  return chosen;
}

nlohmann::json table_points(const std::vector<CostRow>& rows, const nlohmann::json& chosen) {
  std::vector<bool> on_front(rows.size(), false);
  for (std::size_t i : pareto_front(rows)) on_front[i] = true;
  nlohmann::json points = nlohmann::json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CostRow& r = rows[i];
    if (!r.feasible) continue;
    bool is_chosen = false;
    for (const auto& c : chosen) is_chosen = is_chosen || c.at("key") == r.key();
    points.push_back({{"method", r.method},
                      {"error", r.error},
                      {"ratio", r.ratio},
                      {"energy_pj", r.best_energy_pj()},
                      {"latency_ns", r.best_latency_ns()},
                      {"edp_js", r.best_edp_js()},
                      {"params", r.params},
                      {"shape", r.shape},
                      {"rank", r.rank},
                      {"matrix", std::to_string(r.rows) + "x" + std::to_string(r.cols)},
                      {"on_front", static_cast<bool>(on_front[i])},
                      {"chosen", is_chosen},
                      {"measured", r.measured()}});
  }
  return points;
}

}  // namespace heat::offline
