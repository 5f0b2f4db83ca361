// Expectations by hand from the official rules.
#include "offline/tasks/squad.h"

#include <gtest/gtest.h>

#include "base/errors.h"

namespace heat::offline {
namespace {

TEST(SquadNormalize, CasePunctuationArticlesAndSpaces) {
  EXPECT_EQ(squad_normalize("  The  Eiffel-Tower, a tower!"), "eiffeltower tower");
  EXPECT_EQ(squad_normalize("an apple; Another"), "apple another");
  EXPECT_EQ(squad_normalize("\u00C9cole the\u00E9"), "\u00E9cole the\u00E9");  // "the" within a word stays
  EXPECT_EQ(squad_normalize("the"), "");
  EXPECT_EQ(squad_normalize("the\u00BD a\u2028an\u2160"), "the\u00BD an\u2170");  // numbers are word characters
}

TEST(SquadF1, TokenOverlapWithCounts) {
  EXPECT_DOUBLE_EQ(squad_f1("new york city", "York"), 2 * (1.0 / 3) * 1 / (1.0 / 3 + 1));
  EXPECT_DOUBLE_EQ(squad_f1("b b c", "b c c"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(squad_f1("x", "y"), 0);
  EXPECT_DOUBLE_EQ(squad_f1("the", "the"), 0);  // nothing is left of either
}

nlohmann::json one_paragraph(const nlohmann::json& questions) {
  return {{"data", {{{"paragraphs", {{{"qas", questions}}}}}}}};
}

TEST(ScoreSquad, BestOfTheAnswersAndMissingCountAsWrong) {
  const nlohmann::json data =
      one_paragraph({{{"id", "1"}, {"answers", {{{"text", "Paris"}}, {{"text", "city of Paris"}}}}},
                     {{"id", "2"}, {"answers", {{{"text", "1889"}}}}}});
  const SquadScore s = score_squad(data, {{"1", "the City of Paris."}});
  EXPECT_EQ(s.questions, 2);
  EXPECT_EQ(s.unanswered, 1);
  EXPECT_DOUBLE_EQ(s.exact_match, 50);
  EXPECT_DOUBLE_EQ(s.f1, 50);
}

TEST(ScoreSquad, MalformedFilesAreErrors) {
  EXPECT_THROW(score_squad({{"date", 1}}, nlohmann::json::object()), base::ConfigError);
  EXPECT_THROW(score_squad(one_paragraph({{{"id", "1"}}}), {{"1", "x"}}), base::ConfigError);
  EXPECT_THROW(score_squad({{"data", nlohmann::json::array()}}, nlohmann::json::object()), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
