// The front of a cost table as JSON: docs/cost-table.md has the keys.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "offline/cost_table/pareto.h"

namespace heat::offline {

nlohmann::ordered_json row_json(const CostRow& row);

// One entry a matrix size: the dense row, the front, and s* of every method by both rules.
nlohmann::ordered_json front_json(const std::vector<CostRow>& rows, const SelectionLimits& limits);

}  // namespace heat::offline
