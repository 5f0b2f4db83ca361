// Recursive descent over  sum := product (('+'|'-') product)* ; product := factor ('*' factor)* ;
// factor := integer | name | 'max' '(' sum (',' sum)* ')' | '(' sum ')' | '-' factor.
#include "spec/dram_formula.h"

#include <algorithm>
#include <cctype>

namespace heat::spec {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::int64_t kMaxMagnitude = std::int64_t{1} << 40;

class Parser {
 public:
  Parser(const std::string& text, const std::map<std::string, std::int64_t>& values) : text_(text), values_(values) {}

  FormulaResult run() {
    const std::int64_t value = sum(0);
    skip();
    if (at_ != text_.size()) fail("unexpected '" + text_.substr(at_) + "'");
    if (result_.error.empty() && result_.missing_names.empty()) result_.value = value;
    return result_;
  }

 private:
  void skip() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void fail(const std::string& message) {
    if (result_.error.empty()) result_.error = message;
    at_ = text_.size();
  }
  std::int64_t bounded(std::int64_t value) {
    if (value > kMaxMagnitude || value < -kMaxMagnitude) fail("a value beyond 2^40");
    return std::clamp(value, -kMaxMagnitude, kMaxMagnitude);
  }

  std::int64_t sum(int depth) {
    std::int64_t value = product(depth);
    for (;;) {
      if (take('+'))
        value = bounded(value + product(depth));
      else if (take('-'))
        value = bounded(value - product(depth));
      else
        return value;
    }
  }
  std::int64_t product(int depth) {
    std::int64_t value = factor(depth);
    while (take('*')) {
      std::int64_t result = 0;
      if (__builtin_mul_overflow(value, factor(depth), &result)) fail("a value beyond 2^40");
      value = bounded(result);
    }
    return value;
  }
  std::int64_t factor(int depth) {
    if (depth > kMaxDepth) {
      fail("nested more than 64 deep");
      return 0;
    }
    if (take('-')) return -factor(depth + 1);
    if (take('(')) {
      const std::int64_t value = sum(depth + 1);
      if (!take(')')) fail("missing ')'");
      return value;
    }
    skip();
    if (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) return integer();
    return named(depth);
  }
  std::int64_t integer() {
    std::int64_t value = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])))
      value = bounded(value * 10 + (text_[at_++] - '0'));
    return value;
  }
  std::int64_t named(int depth) {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) ++at_;
    const std::string word = text_.substr(begin, at_ - begin);
    if (word.empty()) {
      fail(at_ < text_.size() ? "unexpected '" + text_.substr(at_) + "'" : "ends too early");
      return 0;
    }
    if (word == "max" && take('(')) {
      std::int64_t value = sum(depth + 1);
      while (take(',')) value = std::max(value, sum(depth + 1));
      if (!take(')')) fail("missing ')' after max(");
      return value;
    }
    const auto found = values_.find(word);
    if (found != values_.end()) return found->second;
    result_.missing_names.push_back(word);
    return 0;
  }

  const std::string& text_;
  const std::map<std::string, std::int64_t>& values_;
  std::size_t at_ = 0;
  FormulaResult result_;
};

}  // namespace

FormulaResult evaluate_formula(const std::string& text, const std::map<std::string, std::int64_t>& values) {
  return Parser(text, values).run();
}

}  // namespace heat::spec
