// Level 1's decision on a cost table, and the table as the report's picture shows it.
#pragma once

#include <vector>

#include "offline/cost_table/table.h"
#include "offline/pipeline/pipeline_config.h"
#include "offline/pipeline/stage_results.h"

namespace heat::offline {

// s* of every size: of every method's choice within the ratio the row of least error * EDP^0.25, by the best known
// costs. Throws spec::Error for a size without one.
std::vector<ChosenShape> choose_shapes(const std::vector<CostRow>& rows, const PipelineConfig& config);

// All feasible rows with their best known costs, the Pareto front and the chosen ones marked.
std::vector<TablePoint> table_points(const std::vector<CostRow>& rows, const std::vector<ChosenShape>& chosen);

}  // namespace heat::offline
