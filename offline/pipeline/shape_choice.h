// Level 1's decision on a cost table, and the table as the report's picture shows it.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "offline/cost_table/table.h"
#include "offline/pipeline/pipeline_config.h"

namespace heat::offline {

// s* of every size: of every method's choice within the ratio the row of least error * EDP^0.25, by the best known
// costs; row_json with "rows" and "cols". Throws spec::Error for a size without one.
nlohmann::json choose_shapes(const std::vector<CostRow>& rows, const PipelineConfig& config);

// All feasible rows with their best known costs, the Pareto front and the chosen ones marked.
nlohmann::json table_points(const std::vector<CostRow>& rows, const nlohmann::json& chosen);

}  // namespace heat::offline
