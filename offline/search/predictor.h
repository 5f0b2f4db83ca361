// A random forest that predicts a SubNet's accuracy from its ranks (paper 2.2.2).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace heat::offline {

struct PredictorOptions {
  std::uint64_t seed = 1;
  int trees = 200;
  int max_depth = 16;
  int min_samples = 4;
  double held_out = 0.2;  // share of the samples that the reported correlation is measured on
};

struct PredictorSample {
  std::vector<double> features;
  double accuracy = 0;
};

class AccuracyPredictor {
 public:
  // Splits the samples by `seed`, fits on one part to measure on the other, then fits on all. Needs at least 10 samples
  // of one length; throws ConfigError otherwise.
  AccuracyPredictor(const std::vector<PredictorSample>& samples, const PredictorOptions& options);
  ~AccuracyPredictor();
  AccuracyPredictor(AccuracyPredictor&&) noexcept;
  AccuracyPredictor& operator=(AccuracyPredictor&&) noexcept;

  double predict(const std::vector<double>& features) const;

  // On the held-out samples: true against predicted.
  double spearman() const { return spearman_; }
  const std::vector<double>& held_out_accuracy() const { return truth_; }
  const std::vector<double>& held_out_prediction() const { return prediction_; }

 private:
  struct Forest;
  std::unique_ptr<Forest> forest_;
  double spearman_ = 0;
  std::vector<double> truth_, prediction_;
};

}  // namespace heat::offline
