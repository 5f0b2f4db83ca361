// Shape and ranks of a layer, by what a cost table says they cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "offline/cost_table/table.h"

namespace heat::offline {

struct FormRequest {
  std::int64_t rows = 0, cols = 0, tokens = 0;  // of the layer's matrix
  std::string method;
  double ratio = 0;  // parameters kept, at most
};

struct FormChoice {
  CostRow factorised, dense;
  // Best known EDP of the factorised layer over the dense one's.
  double edp_over_dense() const { return factorised.best_edp_js() / dense.best_edp_js(); }
  bool costs_more() const { return edp_over_dense() >= 1; }
};

// Rows within the ratio that keep nearly as many parameters as any of them does: the others would buy EDP with error.
constexpr double kNearlyAsMany = 0.9;

// Of the method's feasible rows of this size and these tokens within the ratio, those with at least kNearlyAsMany of the
// most parameters; of them the one of least EDP (best known), of equal ones the one of least error. Nothing, and why in
// `problem`, when the table has no such row or no dense one.
std::optional<FormChoice> choose_form(const std::vector<CostRow>& rows, const FormRequest& request,
                                      std::string& problem);

}  // namespace heat::offline
