#include "offline/tasks/tfidf_regression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "offline/tasks/lbfgs.h"

namespace heat::offline {
namespace {

TEST(Lbfgs, QuadraticGoesToItsMinimum) {
  // sum_i (i+1) (x_i - i)^2
  const auto f = [](const std::vector<float>& x, std::vector<float>& g) {
    double value = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double d = x[i] - static_cast<double>(i);
      value += (static_cast<double>(i) + 1) * d * d;
      g[i] = static_cast<float>(2 * (static_cast<double>(i) + 1) * d);
    }
    return value;
  };
  std::vector<float> x(20, -3.0f);
  const LbfgsResult r = minimize_lbfgs(f, x, {10, 200, 1e-5});
  EXPECT_TRUE(r.converged);
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], static_cast<double>(i), 1e-2);
}

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
