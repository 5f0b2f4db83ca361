// The paper's s* weighs error against hardware as level 2 does: error * EDP^0.25.
#include "offline/pipeline/shape_choice.h"

#include <algorithm>
#include <cmath>

#include "base/errors.h"
#include "offline/cost_table/pareto.h"
#include "offline/decompose/form_text.h"

namespace heat::offline {
namespace {

// s*: of every method's choice within the ratio the one of least error * EDP^0.25.
ChosenShape choose(const std::vector<CostRow>& rows, const CostRow& size, const PipelineConfig& config) {
  std::optional<std::size_t> best;
  const auto value = [&](std::size_t i) { return rows[i].error * std::pow(rows[i].best_edp_js(), 0.25); };
  for (const std::string& method : config.level1.methods) {
    SelectionLimits limits;
    limits.max_ratio = config.level1.max_ratio;
    const auto s = select_by_edp(rows, size, method, limits);
    if (s && (!best || value(*s) < value(*best))) best = s;
  }
  if (!best)
    throw base::Error("no candidate for " + std::to_string(size.rows()) + "x" + std::to_string(size.cols()) +
                      " within the ratio " + std::to_string(config.level1.max_ratio) + " fits the machine");
  return {rows[*best].key(), rows[*best].form};
}

}  // namespace

std::vector<ChosenShape> choose_shapes(const std::vector<CostRow>& rows, const PipelineConfig& config) {
  std::vector<ChosenShape> chosen;
  for (std::size_t i = 0; i < rows.size(); ++i)  // sorted: a size is a run
    if (i == 0 || rows[i].rows() != rows[i - 1].rows() || rows[i].cols() != rows[i - 1].cols())
      chosen.push_back(choose(rows, rows[i], config));
  return chosen;
}

std::vector<TablePoint> table_points(const std::vector<CostRow>& rows, const std::vector<ChosenShape>& chosen) {
  std::vector<bool> on_front(rows.size(), false);
  for (std::size_t i : pareto_front(rows)) on_front[i] = true;
  std::vector<TablePoint> points;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const CostRow& r = rows[i];
    if (!r.feasible) continue;
    TablePoint point;
    point.method = r.form.method;
    point.shape = shape_text(r.form);
    point.rank = ranks_text(r.form.ranks);
    point.matrix = std::to_string(r.rows()) + "x" + std::to_string(r.cols());
    point.error = r.error;
    point.ratio = r.ratio;
    point.energy_pj = r.best_energy_pj();
    point.latency_ns = r.best_latency_ns();
    point.edp_js = r.best_edp_js();
    point.params = r.params;
    point.on_front = on_front[i];
    point.chosen = std::any_of(chosen.begin(), chosen.end(), [&](const ChosenShape& c) { return c.key == r.key(); });
    point.measured = r.measured();
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace heat::offline
