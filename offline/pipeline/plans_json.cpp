// One entry a layer.
#include "offline/pipeline/plans_json.h"

namespace heat::offline {
namespace {

using nlohmann::json;

json form_json(const std::string& layer, Method method, const TensorShape& shape) {
  return {{"layer", layer},
          {"method", method_name(method)},
          {"row_modes", shape.row_modes},
          {"col_modes", shape.col_modes}};
}

TensorShape shape_from(const json& form) {
  return {form.at("row_modes").get<std::vector<std::int64_t>>(), form.at("col_modes").get<std::vector<std::int64_t>>()};
}

}  // namespace

json plans_json(const std::vector<LayerPlan>& plans) {
  json list = json::array();
  for (const LayerPlan& p : plans) {
    list.push_back(form_json(p.layer, p.method, p.shape));
    list.back()["ranks"] = p.ranks;
  }
  return list;
}

std::vector<LayerPlan> plans_from_json(const json& list) {
  std::vector<LayerPlan> plans;
  for (const json& p : list)
    plans.push_back({p.at("layer").get<std::string>(), method_from_name(p.at("method").get<std::string>()),
                     shape_from(p), p.at("ranks").get<std::vector<std::int64_t>>()});
  return plans;
}

json ladders_json(const std::vector<RankLadder>& ladders) {
  json list = json::array();
  for (const RankLadder& l : ladders) {
    list.push_back(form_json(l.layer, l.method, l.shape));
    list.back()["choices"] = l.choices;
    list.back()["params"] = l.params;
  }
  return list;
}

std::vector<RankLadder> ladders_from_json(const json& list) {
  std::vector<RankLadder> ladders;
  for (const json& l : list)
    ladders.push_back({l.at("layer").get<std::string>(), method_from_name(l.at("method").get<std::string>()),
                       shape_from(l), l.at("choices").get<std::vector<std::vector<std::int64_t>>>(),
                       l.at("params").get<std::vector<std::int64_t>>()});
  return ladders;
}

}  // namespace heat::offline
