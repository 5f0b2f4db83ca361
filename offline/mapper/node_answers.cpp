// What is worth keeping is the search itself: a lookup walks a short list.
#include "offline/mapper/node_answers.h"

namespace heat::offline::mapper {
namespace {

using machines::SlotBudget;

// Every tile that fits `inner` fits `outer`.
bool holds(const SlotBudget& outer, const SlotBudget& inner) {
  return outer.word == inner.word && outer.weight >= inner.weight && outer.input >= inner.input &&
         outer.output >= inner.output && outer.total >= inner.total && outer.least_input <= inner.least_input &&
         outer.least_output <= inner.least_output;
}

bool fits(const NodeProblem& problem, const SlotBudget& budget, const spec::Extents& tile) {
  return budget.fits(problem.weight_streams ? tile.b * tile.m * tile.k : 0,
                     problem.input_streams ? tile.b * tile.n * tile.k : 0,
                     problem.output_streams ? tile.b * tile.m * tile.n : 0);
}

// No result below the one is below the other.
bool reaches(double cutoff, double wanted) {
  return cutoff < 0 || (wanted >= 0 && wanted <= cutoff);
}

// A bound may lie above the cost that it bounds by as much as sums are rounded.
constexpr double kRounding = 1e-9;

NodeSearchResult nothing_found() {
  return {};
}

}  // namespace

std::optional<NodeSearchResult> NodeAnswers::told(const NodeProblem& problem,
                                                  const NodeSearchSettings& settings) const {
  for (const Answer& a : answers_) {
    if (!holds(a.budget, settings.budget)) continue;
    if (!a.result.feasible) {
      if (reaches(a.cutoff, settings.cutoff)) return nothing_found();
      continue;
    }
    if (settings.cutoff >= 0 && a.result.value >= settings.cutoff) return nothing_found();
    if (!fits(problem, settings.budget, a.result.mapping.gb_tile)) continue;
    NodeSearchResult found = a.result;
    found.evaluated = found.considered = 0;
    return found;
  }
  return std::nullopt;
}

NodeSearchResult NodeAnswers::search(const NodeProblem& problem, const NodeSearchSettings& settings) {
  NodeSearchSettings narrowed = settings;
  for (const Answer& a : answers_) {
    if (!a.result.feasible || !fits(problem, settings.budget, a.result.mapping.gb_tile)) continue;
    const double just_above = a.result.value * (1 + kRounding);
    if (narrowed.cutoff < 0 || just_above < narrowed.cutoff) narrowed.cutoff = just_above;
  }
  const NodeSearchResult found = search_node(problem, narrowed);
  answers_.push_back({settings.budget, settings.cutoff, found});
  return found;
}

}  // namespace heat::offline::mapper
