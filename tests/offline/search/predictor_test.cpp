#include "offline/search/predictor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/errors.h"
#include "base/random.h"
#include "offline/search/spearman.h"

namespace heat::offline {
namespace {

TEST(Spearman, ClosedForms) {
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3, 4}, {10, 200, 300, 4000}), 1.0);
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3, 4}, {4, 3, 2, 1}), -1.0);
  // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = (0, 1, -1, 0, 0)
  EXPECT_DOUBLE_EQ(spearman({1, 2, 3, 4, 5}, {1, 3, 2, 4, 5}), 1.0 - 6.0 * 2 / (5 * 24));
  // Ties take the mean rank: ranks (0.5, 0.5, 2) against (0, 1, 2).
  EXPECT_NEAR(spearman({7, 7, 9}, {1, 2, 3}), 1.5 / std::sqrt(1.5 * 2.0), 1e-12);
  EXPECT_EQ(spearman({1, 1, 1}, {1, 2, 3}), 0.0);
  EXPECT_EQ(spearman({1}, {2}), 0.0);
}

std::vector<PredictorSample> additive_samples(int count) {
  std::vector<PredictorSample> samples;
  base::CounterRng rng(9);
  for (int i = 0; i < count; ++i) {
    PredictorSample s;
    for (int f = 0; f < 5; ++f) s.features.push_back(static_cast<double>(rng.below(6)));
    s.accuracy = 0.5 + 0.05 * s.features[0] + 0.02 * s.features[1] + 0.001 * s.features[2];
    samples.push_back(s);
  }
  return samples;
}

TEST(AccuracyPredictor, RanksHeldOutSamplesOfAnAdditiveFunction) {
  const AccuracyPredictor p(additive_samples(400), {});
  EXPECT_EQ(p.held_out_accuracy().size(), 80u);
  EXPECT_GT(p.spearman(), 0.95);
  EXPECT_DOUBLE_EQ(p.spearman(), spearman(p.held_out_accuracy(), p.held_out_prediction()));
  EXPECT_GT(p.predict({5, 5, 3, 3, 3}), p.predict({0, 0, 3, 3, 3}) + 0.2);
}

TEST(AccuracyPredictor, SameSeedSamePrediction) {
  const auto samples = additive_samples(100);
  const AccuracyPredictor a(samples, {}), b(samples, {});
  for (const PredictorSample& s : samples) EXPECT_EQ(a.predict(s.features), b.predict(s.features));
}

TEST(AccuracyPredictor, TooFewOrUnevenSamplesAreAnError) {
  EXPECT_THROW(AccuracyPredictor(additive_samples(9), {}), base::ConfigError);
  auto samples = additive_samples(20);
  samples[3].features.pop_back();
  EXPECT_THROW(AccuracyPredictor(samples, {}), base::ConfigError);
}

}  // namespace
}  // namespace heat::offline
