// Ladders travel between commands and stages as JSON.
#include "offline/train/rank_ladder.h"

#include <algorithm>
#include <cmath>

#include "base/errors.h"

namespace heat::offline {

RankLadder make_ladder(const LayerForm& largest, const std::vector<double>& fractions) {
  RankLadder ladder{largest.layer, {}, {}};
  if (fractions.empty()) throw base::ConfigError("rank fractions: at least one is needed");
  for (double f : fractions) {
    if (!(f > 0 && f <= 1))
      throw base::ConfigError("rank fraction " + std::to_string(f) + ": expected above 0 up to 1");
    Form form = largest.form;
    for (std::int64_t& r : form.ranks) r = std::max<std::int64_t>(1, std::llround(f * static_cast<double>(r)));
    const bool ascends = ladder.choices.empty() || form.ranks > ladder.choices.back().ranks;
    if (!ascends && form != ladder.choices.back()) throw base::ConfigError("rank fractions must ascend");
    if (!ascends) continue;
    ladder.params.push_back(parameter_count(form));
    ladder.choices.push_back(std::move(form));
  }
  return ladder;
}

std::vector<LayerForm> forms_of(const std::vector<RankLadder>& ladders, const SubNet& subnet) {
  std::vector<LayerForm> forms;
  for (std::size_t i = 0; i < ladders.size(); ++i)
    forms.push_back({ladders[i].layer, ladders[i].choices.at(subnet.at(i))});
  return forms;
}

nlohmann::ordered_json to_json(const std::vector<RankLadder>& ladders) {
  auto list = nlohmann::ordered_json::array();
  for (const RankLadder& ladder : ladders) {
    auto choices = nlohmann::ordered_json::array();
    for (const Form& form : ladder.choices) choices.push_back(spec::to_json(form));
    list.push_back({{"layer", ladder.layer}, {"choices", choices}, {"params", ladder.params}});
  }
  return list;
}

std::vector<RankLadder> ladders_from_json(const nlohmann::json& json, const std::string& place) {
  std::vector<RankLadder> ladders;
  try {
    for (const auto& entry : json) {
      RankLadder ladder{entry.at("layer").get<std::string>(), {}, {}};
      for (const auto& choice : entry.at("choices")) {
        ladder.choices.push_back(spec::form_from_json(choice, place + ": " + ladder.layer));
        ladder.params.push_back(parameter_count(ladder.choices.back()));
      }
      ladders.push_back(std::move(ladder));
    }
  } catch (const nlohmann::json::exception& e) {
    throw base::ConfigError(place + ": no list of rank ladders (" + e.what() + ")");
  }
  return ladders;
}

}  // namespace heat::offline
