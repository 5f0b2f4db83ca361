// Penalised multinomial regression by L-BFGS; the intercepts are not penalised. The path over C starts each fit at the
// last one.
#include "offline/tasks/tfidf_regression.h"

#include <lbfgs.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "base/errors.h"
#include "offline/model/unicode.h"

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
      : rows_(rows), examples_(examples), features_(features), classes_(classes) {
    HEAT_CHECK(size() <= std::numeric_limits<int>::max() - 8, "the weights can be counted by an int, as liblbfgs does");
    weights_.reset(lbfgs_malloc(static_cast<int>(size())));  // aligned and padded for its vector instructions
    if (!weights_) throw std::bad_alloc();
    std::fill_n(weights_.get(), size(), 0.0);
  }

  void fit(double inverse_penalty) {
    inverse_penalty_ = inverse_penalty;
    lbfgs_parameter_t parameters;
    lbfgs_parameter_init(&parameters);
    parameters.m = 10;
    parameters.max_iterations = 300;
    parameters.epsilon = 1e-7;  // of |gradient| over |weights|
    parameters.past = 10;       // or the objective falls by less than 0.3 % in ten iterations
    parameters.delta = 3e-3;
    const auto evaluate = [](void* self, const double* w, double* g, int, double) {
      return static_cast<Regression*>(self)->objective(w, g);
    };
    const int status = lbfgs(static_cast<int>(size()), weights_.get(), nullptr, evaluate, nullptr, this, &parameters);
    // Weights short of the minimum by rounding or by the bound on iterations still classify.
    HEAT_CHECK(status >= 0 || status == LBFGSERR_MAXIMUMITERATION || status == LBFGSERR_ROUNDING_ERROR,
               "L-BFGS ends without an error; liblbfgs gives " + std::to_string(status));
  }

  double accuracy(const SparseRows& rows, const std::vector<TextExample>& examples) const {
    std::int64_t right = 0;
    std::vector<double> scores(classes_);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      score(weights_.get(), rows[i], scores);
      right += std::max_element(scores.begin(), scores.end()) - scores.begin() == examples[i].label;
    }
    return rows.empty() ? 0 : static_cast<double>(right) / static_cast<double>(rows.size());
  }

 private:
  std::int64_t size() const { return (features_ + 1) * classes_; }

  void score(const double* w, const SparseRows::value_type& row, std::vector<double>& scores) const {
    std::copy_n(w + features_ * classes_, classes_, scores.begin());
    for (const auto& [feature, value] : row) {
      const double* line = w + feature * classes_;
      for (std::int64_t c = 0; c < classes_; ++c) scores[c] += value * line[c];
    }
  }

  // Mean cross entropy + |W|^2 / (2 C n): the objective divided by C n, which keeps its scale over the path.
  double objective(const double* w, double* g) const {
    const double n = static_cast<double>(rows_.size());
    const double decay = 1.0 / (inverse_penalty_ * n);
    double squares = 0;
    const std::int64_t penalised = features_ * classes_;
    for (std::int64_t k = 0; k < penalised; ++k) {
      squares += w[k] * w[k];
      g[k] = decay * w[k];
    }
    std::fill_n(g + penalised, classes_, 0.0);
    double loss = 0;
    std::vector<double> p(classes_);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      score(w, rows_[i], p);
      const double top = *std::max_element(p.begin(), p.end());
      const double own = p[examples_[i].label];
      double sum = 0;
      for (double& e : p) sum += e = std::exp(e - top);
      loss += std::log(sum) + top - own;
      for (double& e : p) e /= sum * n;
      p[examples_[i].label] -= 1.0 / n;
      for (const auto& [feature, value] : rows_[i]) {
        double* line = g + feature * classes_;
        for (std::int64_t c = 0; c < classes_; ++c) line[c] += value * p[c];
      }
      for (std::int64_t c = 0; c < classes_; ++c) g[penalised + c] += p[c];
    }
    return loss / n + 0.5 * decay * squares;
  }

  struct Free {
    void operator()(double* weights) const { lbfgs_free(weights); }
  };
  const SparseRows& rows_;
  const std::vector<TextExample>& examples_;
  std::int64_t features_, classes_;
  std::unique_ptr<double[], Free> weights_;
  double inverse_penalty_ = 1;
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
