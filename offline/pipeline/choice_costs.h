// Level 2's choices in the cost table: their rows, and what the search decides from.
#pragma once

#include <vector>

#include "offline/cost_table/build.h"
#include "offline/model/torch_model.h"
#include "offline/search/evolution.h"
#include "offline/train/supernet.h"

namespace heat::offline {

// The first `count` encoder matrices of every size, sizes ascending. Precondition: the layers are dense.
std::vector<WeightMatrix> model_matrices(TorchModel& model, std::int64_t count);

// A row for every rank choice of every ladder that the table lacks (build.h, add_candidates); the number added.
std::int64_t add_choice_rows(CostTable& table, const std::vector<RankLadder>& ladders,
                             const std::vector<WeightMatrix>& matrices, std::int64_t tokens, const spec::ArchSpec& arch,
                             const spec::EnergyTable& energy);

// The best known energy and latency of every choice, from the table's rows; nothing fixed. Throws spec::ConfigError
// naming every choice that has no row or does not fit the machine.
ChoiceTable choice_costs(const CostTable& table, const std::vector<RankLadder>& ladders, std::int64_t tokens);

// What the ladders' layers cost together when they are dense, from the table's dense rows.
ChoiceCost dense_cost(const CostTable& table, const std::vector<RankLadder>& ladders, std::int64_t tokens);

}  // namespace heat::offline
