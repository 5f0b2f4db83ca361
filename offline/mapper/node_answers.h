// What searches of a node said so far, and what that tells of others that differ in budget and cutoff only.
#pragma once

#include <optional>
#include <vector>

#include "offline/mapper/node_search.h"

namespace heat::offline::mapper {

// Of one node for one goal. A mapping that is the best of a larger budget is the best of a smaller one that it fits,
// and the first among equals there, too: the order of the search does not depend on the budget.
class NodeAnswers {
 public:
  // What search_node would find, where earlier results tell; nothing: they do not.
  std::optional<NodeSearchResult> told(const NodeProblem& problem, const NodeSearchSettings& settings) const;
  // Searches, below what smaller budgets reach already, and keeps the result.
  NodeSearchResult search(const NodeProblem& problem, const NodeSearchSettings& settings);

 private:
  struct Answer {
    machines::SlotBudget budget;
    double cutoff = -1;
    NodeSearchResult result;
  };
  std::vector<Answer> answers_;
};

}  // namespace heat::offline::mapper
