// By EDP in two passes: the most parameters within the ratio, then the least EDP near them.
#include "offline/cost_table/choose_form.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

#include "offline/decompose/form_text.h"

namespace heat::offline {
namespace {

// "cp rows of 768x768 at 384 tokens with at most 0.3 of the parameters"
std::string wanted(const FormRequest& r, const std::string& method, bool with_ratio) {
  char ratio[64] = "";
  if (with_ratio) std::snprintf(ratio, sizeof ratio, " with at most %g of the parameters", r.ratio);
  return "no feasible " + method + " row of " + std::to_string(r.rows) + "x" + std::to_string(r.cols) + " at " +
         std::to_string(r.tokens) + " tokens" + ratio;
}

using Rows = std::vector<const CostRow*>;

double most_ratio(const Rows& rows) {
  double most = 0;
  for (const CostRow* row : rows) most = std::max(most, row->ratio);
  return most;
}

// `within` is not empty.
const CostRow& of_least_edp(const Rows& within) {
  const double least_kept = kNearlyAsMany * most_ratio(within);
  const auto key = [](const CostRow& r) { return std::make_tuple(r.best_edp_js(), r.error); };
  const CostRow* best = nullptr;
  for (const CostRow* row : within)
    if (row->ratio >= least_kept && (best == nullptr || key(*row) < key(*best))) best = row;
  return *best;
}

}  // namespace

std::optional<FormRule> parse_form_rule(const std::string& word) {
  if (word == "edp") return FormRule::kLeastEdp;
  if (word == "s-star") return FormRule::kShapeStar;
  return std::nullopt;
}

std::optional<FormChoice> choose_form(const std::vector<CostRow>& rows, const FormRequest& request,
                                      std::string& problem) {
  Rows within;
  const CostRow* dense = nullptr;
  for (const CostRow& row : rows) {
    if (!row.feasible || row.rows() != request.rows || row.cols() != request.cols || row.tokens != request.tokens)
      continue;
    if (row.form.method == Form::kDense) dense = &row;
    if (row.form.method == request.method && row.ratio <= request.ratio * (1 + 1e-12)) within.push_back(&row);
  }
  if (dense == nullptr || within.empty()) {
    problem = dense == nullptr ? wanted(request, Form::kDense, false) : wanted(request, request.method, true);
    return std::nullopt;
  }
  if (request.rule == FormRule::kLeastEdp) return FormChoice{of_least_edp(within), *dense};
  const auto star = select_by_error(rows, *dense, request.method, request.limits);
  if (!star) {
    problem = wanted({request.rows, request.cols, request.tokens, request.method, request.limits.max_ratio},
                     request.method, true) +
              " to take s* from";
    return std::nullopt;
  }
  const TensorShape& shape = rows[*star].form.shape;
  std::erase_if(within, [&](const CostRow* row) { return row->form.shape != shape; });
  if (within.empty()) {
    problem = wanted(request, request.method, true) + " has the shape of s*, " + shape_text(rows[*star].form);
    return std::nullopt;
  }
  const auto fewer = [](const CostRow* a, const CostRow* b) { return a->ratio < b->ratio; };
  return FormChoice{**std::max_element(within.begin(), within.end(), fewer), *dense};
}

}  // namespace heat::offline
