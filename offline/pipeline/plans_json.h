// Forms of layers between stages: plans and rank ladders.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "offline/model/factorize.h"
#include "offline/train/supernet.h"

namespace heat::offline {

nlohmann::json plans_json(const std::vector<LayerPlan>& plans);
std::vector<LayerPlan> plans_from_json(const nlohmann::json& json);

nlohmann::json ladders_json(const std::vector<RankLadder>& ladders);
std::vector<RankLadder> ladders_from_json(const nlohmann::json& json);

}  // namespace heat::offline
