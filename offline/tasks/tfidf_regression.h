// The baseline every trained model is printed beside: multinomial logistic regression on TF-IDF bags of words.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "offline/tasks/text_task.h"

namespace heat::offline {

// Non-zero features of each text, as (feature, value) with unit Euclidean length.
using SparseRows = std::vector<std::vector<std::pair<std::int32_t, float>>>;

struct TfidfOptions {
  int min_count = 1;       // texts of the training split a word must occur in
  bool sublinear = false;  // 1 + log(count) in place of the count
};

// Words are runs of two or more letters, digits or underscores of the lower-cased text; idf = log((1+n)/(1+df)) + 1,
// rows scaled to length 1: the definition of scikit-learn's TfidfVectorizer.
class Tfidf {
 public:
  Tfidf(const std::vector<TextExample>& train, const TfidfOptions& options);
  SparseRows transform(const std::vector<TextExample>& texts) const;
  std::int64_t features() const { return static_cast<std::int64_t>(idf_.size()); }

 private:
  TfidfOptions options_;
  std::vector<std::pair<std::string, std::int32_t>> words_;  // sorted
  std::vector<float> idf_;
};

struct RegressionResult {
  double dev_accuracy = 0, test_accuracy = 0;  // of the setting with the best dev accuracy
  TfidfOptions features;
  double inverse_penalty = 0;  // C: loss = C * sum of cross entropies + |W|^2 / 2
  std::int64_t feature_count = 0;
  int settings_tried = 0;
};

// One setting, fitted on the training split. Throws ConfigError without training examples.
RegressionResult fit_tfidf_regression(const TextTask& task, const TfidfOptions& options, double inverse_penalty);

// Tunes C over powers of two and the feature options on dev; trained by L-BFGS. Deterministic.
// progress (may be null) gets a line per setting.
RegressionResult tune_tfidf_regression(const TextTask& task, const std::function<void(const std::string&)>& progress);

}  // namespace heat::offline
