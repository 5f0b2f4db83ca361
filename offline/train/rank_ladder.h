// The rank choices of a network's factorised layers, and what a choice for each means.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "offline/decompose/decomposition.h"

namespace heat::offline {

// A SubNet: for every factorised layer, in order, the index of its rank choice.
using SubNet = std::vector<int>;

// A layer's rank choices, ascending; the last one is the maximum.
struct RankLadder {
  std::string layer;
  std::vector<Form> choices;         // of one method and shape
  std::vector<std::int64_t> params;  // of each choice
};

// For every fraction the ranks max(1, round(fraction * max_rank)) along each axis, without repetitions.
RankLadder make_ladder(const LayerForm& largest, const std::vector<double>& fractions);

// The forms of a SubNet: every layer at its choice.
std::vector<LayerForm> forms_of(const std::vector<RankLadder>& ladders, const SubNet& subnet);

// [{"layer", "choices": [form, ...], "params"}]. from_json throws ConfigError naming `place`; parameters follow from the
// forms.
nlohmann::ordered_json to_json(const std::vector<RankLadder>& ladders);
std::vector<RankLadder> ladders_from_json(const nlohmann::json& json, const std::string& place);

}  // namespace heat::offline
