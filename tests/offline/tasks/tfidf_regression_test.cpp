#include "offline/tasks/tfidf_regression.h"

#include <gtest/gtest.h>

#include <cmath>

namespace heat::offline {
namespace {

TEST(Tfidf, ValuesFollowTheDefinition) {
  // n = 3; df(red) = 2, df(ball) = 1; one-letter words do not count.
  const std::vector<TextExample> texts = {{"Red ball a", 0}, {"red", 0}, {"other", 1}};
  const Tfidf tfidf(texts, {});
  EXPECT_EQ(tfidf.features(), 3);  // ball, other, red
  const SparseRows rows = tfidf.transform({{"red red ball unseen", 0}});
  const double ball = std::log(4.0 / 2.0) + 1, red = 2 * (std::log(4.0 / 3.0) + 1);
  const double length = std::sqrt(ball * ball + red * red);
  ASSERT_EQ(rows[0].size(), 2u);
  EXPECT_NEAR(rows[0][0].second, ball / length, 1e-6);
  EXPECT_NEAR(rows[0][1].second, red / length, 1e-6);
}

TEST(TfidfRegression, SeparableTextsBeatTheMajority) {
  TextTask task;
  task.name = "toy";
  task.labels = {"animal", "plant", "place"};
  const char* const words[3][3] = {{"furry", "tail", "paws"}, {"leaf", "root", "flower"}, {"city", "river", "state"}};
  for (int i = 0; i < 90; ++i) {
    const int label = i % 2 ? 0 : (i / 2) % 3;
    const TextExample e{std::string("some ") + words[label][i % 3] + " with " + words[label][(i / 3) % 3], label};
    (i % 5 == 0 ? task.dev : i % 5 == 1 ? task.test : task.train).push_back(e);
  }
  const RegressionResult r = tune_tfidf_regression(task, nullptr);
  EXPECT_EQ(r.settings_tried, 18);
  EXPECT_EQ(r.dev_accuracy, 1.0);
  EXPECT_EQ(r.test_accuracy, 1.0);
}

}  // namespace
}  // namespace heat::offline
