// OpenCV's random trees (Breiman 2001). Their random numbers come from OpenCV's generator of the calling thread, which
// is seeded before each fit.
#include "offline/search/predictor.h"

#include <cmath>
#include <numeric>
#include <opencv2/ml.hpp>

#include "base/errors.h"
#include "base/random.h"
#include "offline/search/spearman.h"

namespace heat::offline {
namespace {

cv::Mat row_of(const std::vector<double>& features) {
  cv::Mat row(1, static_cast<int>(features.size()), CV_32F);
  for (std::size_t i = 0; i < features.size(); ++i)
    row.at<float>(0, static_cast<int>(i)) = static_cast<float>(features[i]);
  return row;
}

cv::Ptr<cv::ml::RTrees> fit(const std::vector<PredictorSample>& samples, const std::vector<std::size_t>& rows,
                            const PredictorOptions& options) {
  cv::Mat x(0, static_cast<int>(samples[0].features.size()), CV_32F), y(static_cast<int>(rows.size()), 1, CV_32F);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    x.push_back(row_of(samples[rows[i]].features));
    y.at<float>(static_cast<int>(i), 0) = static_cast<float>(samples[rows[i]].accuracy);
  }
  auto forest = cv::ml::RTrees::create();
  forest->setMaxDepth(options.max_depth);
  forest->setMinSampleCount(options.min_samples);
  forest->setRegressionAccuracy(0);
  forest->setActiveVarCount(std::max(1, x.cols / 3));
  forest->setTermCriteria(cv::TermCriteria(cv::TermCriteria::MAX_ITER, options.trees, 0));
  cv::theRNG().state = base::mix64(options.seed);
  forest->train(cv::ml::TrainData::create(x, cv::ml::ROW_SAMPLE, y));
  return forest;
}

}  // namespace

struct AccuracyPredictor::Forest {
  cv::Ptr<cv::ml::RTrees> trees;
  double predict(const std::vector<double>& features) const { return trees->predict(row_of(features)); }
};

AccuracyPredictor::AccuracyPredictor(const std::vector<PredictorSample>& samples, const PredictorOptions& options)
    : forest_(std::make_unique<Forest>()) {
  if (samples.size() < 10)
    throw base::ConfigError("accuracy predictor: " + std::to_string(samples.size()) +
                            " samples, at least 10 are needed");
  for (const PredictorSample& s : samples)
    if (s.features.size() != samples[0].features.size() || s.features.empty() || !std::isfinite(s.accuracy))
      throw base::ConfigError("accuracy predictor: samples need the same number of features and finite accuracies");
  std::vector<std::size_t> order(samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  base::CounterRng rng(base::counter_hash(options.seed, 40));
  shuffle(order, rng);
  const auto held = static_cast<std::size_t>(std::llround(options.held_out * static_cast<double>(samples.size())));
  if (held > 0 && held < samples.size()) {
    forest_->trees = fit(samples, {order.begin() + static_cast<std::ptrdiff_t>(held), order.end()}, options);
    for (std::size_t i = 0; i < held; ++i) {
      truth_.push_back(samples[order[i]].accuracy);
      prediction_.push_back(forest_->predict(samples[order[i]].features));
    }
    spearman_ = offline::spearman(truth_, prediction_);
  }
  std::iota(order.begin(), order.end(), std::size_t{0});
  forest_->trees = fit(samples, order, options);
}

AccuracyPredictor::~AccuracyPredictor() = default;
AccuracyPredictor::AccuracyPredictor(AccuracyPredictor&&) noexcept = default;
AccuracyPredictor& AccuracyPredictor::operator=(AccuracyPredictor&&) noexcept = default;

double AccuracyPredictor::predict(const std::vector<double>& features) const {
  return forest_->predict(features);
}

}  // namespace heat::offline
