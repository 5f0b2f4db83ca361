// Branch and bound over the mappings of one node of a group.
#pragma once

#include <optional>

#include "machines/simba/group_model.h"
#include "offline/mapper/map_space.h"
#include "offline/mapper/objective.h"

namespace heat::offline::mapper {

using machines::simba::GroupModel;
using machines::simba::StepPricer;

struct NodeSearchResult {
  bool feasible = false;
  spec::GemmMapping mapping;
  GroupModel::Brief cost;
  double value = 0;
  std::int64_t evaluated = 0, considered = 0;
};

struct NodeSearchSettings {
  std::int64_t extent = 1, step = 1;  // of the group
  SlotBudget budget;
  Goal goal;
  bool alone = false;       // the group's only node: costs are the whole group's
  bool exhaustive = false;  // no bounds
  double cutoff = -1;       // only results below this value are of interest; negative: all
};

NodeSearchResult search_node(const GroupModel& model, std::size_t position, const StepPricer& pricer,
                             const NodeSearchSettings& settings);

}  // namespace heat::offline::mapper
