// Penalised multinomial regression; the intercepts are not penalised. The path over C starts each fit at the last one.
#include "offline/tasks/tfidf_regression.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/errors.h"
#include "offline/model/unicode.h"
#include "offline/tasks/lbfgs.h"

namespace heat::offline {
namespace {

std::map<std::string, int> count_words(const std::string& text) {
  std::map<std::string, int> counts;
  std::string word;
  int letters = 0;
  const auto flush = [&] {
    if (letters >= 2) ++counts[word];
    word.clear();
    letters = 0;
  };
  for (char32_t c : lower_and_strip_accents(decode_utf8(text))) {
    if (is_space(c) || is_control(c) || (is_punctuation(c) && c != '_')) {
      flush();
    } else {
      word += encode_utf8({&c, 1});
      ++letters;
    }
  }
  flush();
  return counts;
}

// Weights [features + 1][classes]; the last row holds the intercepts.
class Regression {
 public:
  Regression(const SparseRows& rows, const std::vector<TextExample>& examples, std::int64_t features,
             std::int64_t classes)
      : rows_(rows), examples_(examples), features_(features), classes_(classes), weights_((features + 1) * classes) {}

  void fit(double inverse_penalty) {
    minimize_lbfgs([&](const auto& w, auto& g) { return objective(w, g, inverse_penalty); }, weights_, {10, 300, 2e-5});
  }

  double accuracy(const SparseRows& rows, const std::vector<TextExample>& examples) const {
    std::int64_t right = 0;
    std::vector<float> scores(classes_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      score(weights_, rows[i], scores);
      right += std::max_element(scores.begin(), scores.end()) - scores.begin() == examples[i].label;
    }
    return rows.empty() ? 0 : static_cast<double>(right) / static_cast<double>(rows.size());
  }

 private:
  void score(const std::vector<float>& w, const SparseRows::value_type& row, std::vector<float>& scores) const {
    std::copy_n(w.begin() + features_ * classes_, classes_, scores.begin());
    for (const auto& [feature, value] : row) {
      const float* line = w.data() + feature * classes_;
      for (std::int64_t c = 0; c < classes_; ++c) scores[c] += value * line[c];
    }
  }

  // Mean cross entropy + |W|^2 / (2 C n): the objective divided by C n, which keeps its scale over the path.
  double objective(const std::vector<float>& w, std::vector<float>& g, double inverse_penalty) const {
    const double n = static_cast<double>(rows_.size());
    const auto decay = static_cast<float>(1.0 / (inverse_penalty * n));
    double squares = 0;
    const std::int64_t penalised = features_ * classes_;
    for (std::int64_t k = 0; k < penalised; ++k) {
      squares += static_cast<double>(w[k]) * w[k];
      g[k] = decay * w[k];
    }
    std::fill(g.begin() + penalised, g.end(), 0.0f);
    double loss = 0;
    std::vector<float> p(classes_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      score(w, rows_[i], p);
      const float top = *std::max_element(p.begin(), p.end());
      const float own = p[examples_[i].label];
      float sum = 0;
      for (float& e : p) sum += e = std::exp(e - top);
      loss += std::log(sum) + top - own;
      const float scale = static_cast<float>(1.0 / n) / sum;
      for (float& e : p) e *= scale;
      p[examples_[i].label] -= static_cast<float>(1.0 / n);
      for (const auto& [feature, value] : rows_[i]) {
        float* line = g.data() + feature * classes_;
        for (std::int64_t c = 0; c < classes_; ++c) line[c] += value * p[c];
      }
      for (std::int64_t c = 0; c < classes_; ++c) g[penalised + c] += p[c];
    }
    return loss / n + 0.5 * squares / (inverse_penalty * n);
  }

  const SparseRows& rows_;
  const std::vector<TextExample>& examples_;
  std::int64_t features_, classes_;
  std::vector<float> weights_;
};

}  // namespace

Tfidf::Tfidf(const std::vector<TextExample>& train, const TfidfOptions& options) : options_(options) {
  std::map<std::string, std::int64_t> document_counts;
  for (const TextExample& e : train)
    for (const auto& [word, count] : count_words(e.text)) ++document_counts[word];
  const double n = static_cast<double>(train.size());
  for (const auto& [word, df] : document_counts) {
    if (df < options.min_count) continue;
    words_.emplace_back(word, static_cast<std::int32_t>(words_.size()));
    idf_.push_back(static_cast<float>(std::log((1 + n) / (1 + static_cast<double>(df))) + 1));
  }
}

SparseRows Tfidf::transform(const std::vector<TextExample>& texts) const {
  SparseRows rows;
  for (const TextExample& e : texts) {
    SparseRows::value_type row;
    double squares = 0;
    for (const auto& [word, count] : count_words(e.text)) {
      const auto it = std::lower_bound(words_.begin(), words_.end(), std::make_pair(word, 0));
      if (it == words_.end() || it->first != word) continue;
      const double tf = options_.sublinear ? 1 + std::log(count) : count;
      row.emplace_back(it->second, static_cast<float>(tf * idf_[it->second]));
      squares += static_cast<double>(row.back().second) * row.back().second;
    }
    for (auto& [feature, value] : row) value = static_cast<float>(value / std::sqrt(squares));
    rows.push_back(std::move(row));
  }
  return rows;
}

RegressionResult fit_tfidf_regression(const TextTask& task, const TfidfOptions& options, double inverse_penalty) {
  if (task.train.empty()) throw base::ConfigError("task " + task.name + ": no training examples for the baseline");
  const Tfidf tfidf(task.train, options);
  const SparseRows train = tfidf.transform(task.train);
  Regression regression(train, task.train, tfidf.features(), static_cast<std::int64_t>(task.labels.size()));
  regression.fit(inverse_penalty);
  RegressionResult result;
  result.settings_tried = 1;
  result.dev_accuracy = regression.accuracy(tfidf.transform(task.dev), task.dev);
  result.test_accuracy = regression.accuracy(tfidf.transform(task.test), task.test);
  result.features = options;
  result.inverse_penalty = inverse_penalty;
  result.feature_count = tfidf.features();
  return result;
}

RegressionResult tune_tfidf_regression(const TextTask& task, const std::function<void(const std::string&)>& progress) {
  if (task.train.empty()) throw base::ConfigError("task " + task.name + ": no training examples for the baseline");
  RegressionResult best;
  for (const TfidfOptions& options : {TfidfOptions{1, false}, TfidfOptions{1, true}, TfidfOptions{2, true}}) {
    const Tfidf tfidf(task.train, options);
    const SparseRows train = tfidf.transform(task.train), dev = tfidf.transform(task.dev),
                     test = tfidf.transform(task.test);
    Regression regression(train, task.train, tfidf.features(), static_cast<std::int64_t>(task.labels.size()));
    for (double c : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
      regression.fit(c);
      const double accuracy = regression.accuracy(dev, task.dev);
      ++best.settings_tried;
      if (progress)
        progress("tf-idf regression: min_count " + std::to_string(options.min_count) +
                 (options.sublinear ? ", sublinear" : "") + ", C " + std::to_string(static_cast<int>(c)) +
                 ": dev accuracy " + std::to_string(100 * accuracy) + " %");
      if (accuracy > best.dev_accuracy) {
        best.dev_accuracy = accuracy;
        best.test_accuracy = regression.accuracy(test, task.test);
        best.features = options;
        best.inverse_penalty = c;
        best.feature_count = tfidf.features();
      }
    }
  }
  return best;
}

}  // namespace heat::offline
