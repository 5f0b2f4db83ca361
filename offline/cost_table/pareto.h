// The Pareto surface of a cost table and the choice of s* on it (paper, section 2.2.1).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "offline/cost_table/table.h"

namespace heat::offline {

// Positions of the feasible rows that no other feasible row of the same size and tokens beats or equals in energy,
// latency, error and ratio while beating it in one. Measured values count where there are any. Of equal rows the first
// stays. In the order of `rows`. With a `method`, only its rows compete.
std::vector<std::size_t> pareto_front(const std::vector<CostRow>& rows, const std::string& method = "");

struct SelectionLimits {
  double max_ratio = 0.5;      // of the parameters
  double max_edp_ratio = 1.0;  // of the dense layer's EDP, where the rows have one
};

// s* of one method for the size and tokens of the row `size`, on the method's own Pareto surface. Nothing when no row
// keeps to the ratio.
//
// By the paper's rule: the lowest error within the limits; ties by EDP. Where no row keeps to the EDP limit (often
// ttm), the lowest error within the ratio alone.
std::optional<std::size_t> select_by_error(const std::vector<CostRow>& rows, const CostRow& size,
                                           const std::string& method, const SelectionLimits& limits);

// When the hardware matters more: the least error * EDP^0.25 within the ratio (level 2's objective with the error in
// place of the loss of accuracy).
std::optional<std::size_t> select_by_edp(const std::vector<CostRow>& rows, const CostRow& size,
                                         const std::string& method, const SelectionLimits& limits);

}  // namespace heat::offline
