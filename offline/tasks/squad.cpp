// The rules of the official evaluation script of SQuAD v1.1 (Rajpurkar et al. 2016): the best score over a question's
// true answers, averaged over all questions.
#include "offline/tasks/squad.h"

#include <map>

#include "base/errors.h"
#include "offline/model/unicode.h"

namespace heat::offline {
namespace {

// What Python's str.split() splits at: White_Space and the ASCII separators.
bool splits(char32_t c) {
  return is_space(c) || (c >= 0x1C && c <= 0x1F);
}

// What \w matches in Python.
bool word_char(char32_t c) {
  return is_letter_or_number(c) || c == '_';
}

// Replaces the words a, an, the (between word boundaries) by a space.
std::u32string without_articles(const std::u32string& text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    if (!word_char(text[i])) {
      out += text[i++];
      continue;
    }
    std::size_t end = i;
    while (end < text.size() && word_char(text[end])) ++end;
    const std::u32string word = text.substr(i, end - i);
    out += word == U"a" || word == U"an" || word == U"the" ? U" " : word;
    i = end;
  }
  return out;
}

std::vector<std::string> tokens(const std::string& answer) {
  std::u32string plain;
  for (char32_t c : to_lower(decode_utf8(answer)))
    if (c >= 128 || !is_punctuation(c)) plain += c;
  std::vector<std::string> out;
  std::u32string word;
  for (char32_t c : without_articles(plain) + U" ") {
    if (!splits(c)) {
      word += c;
    } else if (!word.empty()) {
      out.push_back(encode_utf8(word));
      word.clear();
    }
  }
  return out;
}

const nlohmann::json& member(const nlohmann::json& value, const char* key, const std::string& place) {
  if (!value.is_object() || !value.contains(key)) throw base::ConfigError(place + ": '" + key + "' is missing");
  return value[key];
}

}  // namespace

std::string squad_normalize(const std::string& answer) {
  std::string out;
  for (const std::string& t : tokens(answer)) out += (out.empty() ? "" : " ") + t;
  return out;
}

double squad_f1(const std::string& prediction, const std::string& truth) {
  const auto p = tokens(prediction), t = tokens(truth);
  std::map<std::string, int> counts;
  for (const std::string& token : t) ++counts[token];
  int same = 0;
  for (const std::string& token : p) same += counts[token]-- > 0;
  if (same == 0) return 0;
  const double precision = static_cast<double>(same) / static_cast<double>(p.size());
  const double recall = static_cast<double>(same) / static_cast<double>(t.size());
  return 2 * precision * recall / (precision + recall);
}

SquadScore score_squad(const nlohmann::json& data, const nlohmann::json& predictions) {
  if (!predictions.is_object()) throw base::ConfigError("predictions: expected a map from question id to text");
  SquadScore score;
  double exact = 0, f1 = 0;
  for (const auto& article : member(data, "data", "data file"))
    for (const auto& paragraph : member(article, "paragraphs", "data file: data[]"))
      for (const auto& question : member(paragraph, "qas", "data file: paragraphs[]")) {
        ++score.questions;
        const auto& id = member(question, "id", "data file: qas[]");
        const auto found = predictions.find(id.get<std::string>());
        if (found == predictions.end()) {
          ++score.unanswered;
          continue;
        }
        if (!found->is_string()) throw base::ConfigError("predictions: " + id.dump() + " is no text");
        const std::string prediction = *found;
        double best_exact = 0, best_f1 = 0;
        for (const auto& answer : member(question, "answers", "data file: question " + id.dump())) {
          const std::string truth = member(answer, "text", "data file: answers[]");
          if (squad_normalize(prediction) == squad_normalize(truth)) best_exact = 1;
          best_f1 = std::max(best_f1, squad_f1(prediction, truth));
        }
        exact += best_exact;
        f1 += best_f1;
      }
  if (score.questions == 0) throw base::ConfigError("data file: no questions");
  score.exact_match = 100 * exact / static_cast<double>(score.questions);
  score.f1 = 100 * f1 / static_cast<double>(score.questions);
  return score;
}

}  // namespace heat::offline
