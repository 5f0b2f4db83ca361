// Two passes: the most parameters within the ratio, then the least EDP near them.
#include "offline/cost_table/choose_form.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace heat::offline {
namespace {

// "cp rows of 768x768 at 384 tokens with at most 0.3 of the parameters"
std::string wanted(const FormRequest& r, const std::string& method, bool with_ratio) {
  char ratio[64] = "";
  if (with_ratio) std::snprintf(ratio, sizeof ratio, " with at most %g of the parameters", r.ratio);
  return "no feasible " + method + " row of " + std::to_string(r.rows) + "x" + std::to_string(r.cols) + " at " +
         std::to_string(r.tokens) + " tokens" + ratio;
}

}  // namespace

std::optional<FormChoice> choose_form(const std::vector<CostRow>& rows, const FormRequest& request,
                                      std::string& problem) {
  std::vector<const CostRow*> within;
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
  const auto most = (*std::max_element(within.begin(), within.end(), [](const CostRow* a, const CostRow* b) {
                      return a->ratio < b->ratio;
                    }))->ratio;
  const CostRow* best = nullptr;
  for (const CostRow* row : within) {
    if (row->ratio < kNearlyAsMany * most) continue;
    const auto rank = [](const CostRow& r) { return std::make_tuple(r.best_edp_js(), r.error); };
    if (best == nullptr || rank(*row) < rank(*best)) best = row;
  }
  return FormChoice{*best, *dense};
}

}  // namespace heat::offline
