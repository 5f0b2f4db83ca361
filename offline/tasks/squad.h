// Scoring of SQuAD v1.1 predictions by the official definition.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace heat::offline {

struct SquadScore {
  double exact_match = 0, f1 = 0;  // percent
  std::int64_t questions = 0;
  std::int64_t unanswered = 0;  // questions without a prediction; they count as wrong
};

// Lower case, no ASCII punctuation, no articles, single spaces.
std::string squad_normalize(const std::string& answer);
// Of one prediction against one true answer, in [0, 1].
double squad_f1(const std::string& prediction, const std::string& truth);

// data: {"data": [{"paragraphs": [{"qas": [{"id", "answers": [{"text"}]}]}]}]}; predictions: question id -> text.
// Throws ConfigError with the path of what does not fit.
SquadScore score_squad(const nlohmann::json& data, const nlohmann::json& predictions);

}  // namespace heat::offline
