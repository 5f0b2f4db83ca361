// Rows of a cost table as workloads of the calibration: their layers alone on the machine.
#pragma once

#include <string>
#include <vector>

#include "offline/cost_table/table.h"
#include "offline/loop/calibration_run.h"

namespace heat::offline {

// Which rows: "s_star" (of every size the dense layer and each method's two choices), "front" (the dense layers and
// the Pareto front) or "all"; infeasible ones never. Each takes the contraction path that its row states.
std::vector<CalibrationWorkload> table_workloads(const CostTable& table, const std::string& which);

}  // namespace heat::offline
