// Branch and bound over the mappings of one node of a group.
#pragma once

#include <vector>

#include "machines/machine.h"
#include "machines/objective.h"

namespace heat::offline::mapper {

// A GEMM of a group.
struct NodeProblem {
  const machines::GroupModel& model;
  std::size_t position;
  machines::PeArray pes;
  bool weight_streams, input_streams, output_streams;  // through slots of the on-chip buffer
};

// A mapping with the value of the goal.
struct KeptMapping {
  spec::GemmMapping mapping;
  double value = 0;
};

struct NodeSearchResult {
  bool feasible = false;
  spec::GemmMapping mapping;
  machines::Cost cost;
  double value = 0;
  std::int64_t evaluated = 0, considered = 0;
  std::vector<KeptMapping> kept;  // the best ones, the best first; as many as were asked for, or all there are
};

struct NodeSearchSettings {
  machines::SlotBudget budget;
  machines::Goal goal;
  bool alone = false;       // the group's only node: costs are the whole group's
  bool exhaustive = false;  // no bounds
  std::size_t keep = 1;     // how many of the best mappings are of interest
  double cutoff = -1;       // only results below this value are of interest; negative: all
  double gap = 0;           // what is found may be above the best by this share of itself
};

// No mapping of the node has a value of the goal below this, whatever the budget; infinite: no tile fits a PE.
double least_value(const NodeProblem& problem, const NodeSearchSettings& settings);

NodeSearchResult search_node(const NodeProblem& problem, const NodeSearchSettings& settings);

}  // namespace heat::offline::mapper
