// Shape and ranks of a layer, by what a cost table says they cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "offline/cost_table/pareto.h"

namespace heat::offline {

enum class FormRule {
  kLeastEdp,  // of any shape, among those that keep nearly as many parameters as the ratio allows
  kShapeStar  // the paper's: all matrices of a size share the shape of s*, whatever the ratio
};

// "edp" or "s-star"; nothing for another word.
std::optional<FormRule> parse_form_rule(const std::string& word);

struct FormRequest {
  std::int64_t rows = 0, cols = 0, tokens = 0;  // of the layer's matrix
  std::string method;
  double ratio = 0;  // parameters kept, at most
  FormRule rule = FormRule::kLeastEdp;
  SelectionLimits limits = {};  // of s*
};

struct FormChoice {
  CostRow factorised, dense;
  // Best known EDP of the factorised layer over the dense one's.
  double edp_over_dense() const { return factorised.best_edp_js() / dense.best_edp_js(); }
  bool costs_more() const { return edp_over_dense() >= 1; }
};

// Rows within the ratio that keep nearly as many parameters as any of them does: the others would buy EDP with error.
constexpr double kNearlyAsMany = 0.9;

// Of the method's feasible rows of this size and these tokens within the ratio, by the rule:
//   kLeastEdp: of those with at least kNearlyAsMany of the most parameters the one of least EDP (best known), of equal
//     ones the one of least error;
//   kShapeStar: of those with the shape of s* (select_by_error) the one with the most parameters.
// Nothing, and why in `problem`, when the table has no such row or no dense one.
std::optional<FormChoice> choose_form(const std::vector<CostRow>& rows, const FormRequest& request,
                                      std::string& problem);

}  // namespace heat::offline
