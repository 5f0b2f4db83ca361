// Index sets from the leaves up; a step's roles follow from its operands' sets.
#include "offline/schedule/contraction_tree.h"

#include <algorithm>
#include <tuple>

#include "base/checked.h"

namespace heat::offline {

using spec::Index;

void fail_lowering(const LowerRequest& request, const std::string& what) {
  throw base::ConfigError("layer '" + request.layer + "', einsum '" + request.einsum.text() + "': " + what);
}

std::vector<int> ContractionTree::execution_order() const {
  std::vector<int> order;
  for (bool token : {false, true})
    for (std::size_t i = 0; i < steps.size(); ++i)
      if (steps[i].holds_token == token) order.push_back(static_cast<int>(i));
  return order;
}

namespace {

class TreeBuilder {
 public:
  explicit TreeBuilder(const LowerRequest& request) : r_(request), e_(request.einsum) {
    HEAT_CHECK(r_.grain.product() > 0, "the machine's grain");
  }

  ContractionTree run() {
    read_operands();
    build_tree();
    if (r_.features_are_channels && tokens_are_last_channels()) {
      exchange_ = false;
      t_.values.resize(r_.operands.size());
      t_.steps.clear();
      build_tree();
    }
    return std::move(t_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { fail_lowering(r_, what); }

  void read_operands() {
    if (r_.operands.size() != e_.operands.size())
      fail(std::to_string(r_.operands.size()) + " operands described, expected " + std::to_string(e_.operands.size()));
    if (e_.operands.size() < 2) fail("expected at least 2 operands");
    for (std::size_t i = 0; i < e_.operands.size(); ++i) {
      ContractionTree::Value v;
      v.set = {e_.operands[i].begin(), e_.operands[i].end()};
      v.tensor = r_.operands[i].tensor;
      v.is_static = r_.operands[i].kind == spec::TensorKind::kWeight;
      v.fixed = v.tensor || !v.is_static;
      if (v.fixed) v.order = e_.operands[i];
      t_.values.push_back(std::move(v));
    }
  }

  void build_tree() {
    std::vector<int> live(t_.values.size());
    for (std::size_t i = 0; i < live.size(); ++i) live[i] = static_cast<int>(i);
    auto steps = r_.path.steps;
    if (steps.empty() && live.size() == 2) steps = {{0, 1}};
    for (auto [i, j] : steps) {
      if (i > j) std::swap(i, j);
      if (i < 0 || i == j || j >= static_cast<int>(live.size()))
        fail("path step (" + std::to_string(i) + ", " + std::to_string(j) + ") with " + std::to_string(live.size()) +
             " operands left");
      const int a = live[static_cast<std::size_t>(i)], b = live[static_cast<std::size_t>(j)];
      live.erase(live.begin() + j);
      live.erase(live.begin() + i);
      live.push_back(add_step(a, b, live));
    }
    if (live.size() != 1) fail("the path leaves " + std::to_string(live.size()) + " operands, expected 1");
    t_.values.back().order = e_.output;
    t_.values.back().fixed = true;
    t_.values.back().tensor = r_.output_tensor;
  }

  // The last node's weight operand brings the tokens, its input does not: they are in m.
  bool tokens_are_last_channels() const {
    const ContractionTree::Step& last = t_.steps.back();
    return t_.value(last.weight).set.count(r_.token) > 0 && t_.value(last.input).set.count(r_.token) == 0;
  }

  // Index set of a x b given what is left; appends the value and the step.
  int add_step(int a, int b, const std::vector<int>& rest) {
    std::set<Index> needed(e_.output.begin(), e_.output.end());
    for (int v : rest) needed.insert(t_.value(v).set.begin(), t_.value(v).set.end());
    ContractionTree::Value out;
    for (int operand : {a, b})
      for (const Index& i : t_.value(operand).set)
        if (needed.count(i)) out.set.insert(i);
    out.producer = static_cast<int>(t_.steps.size());
    out.is_static = t_.value(a).is_static && t_.value(b).is_static;
    t_.values.push_back(out);
    ContractionTree::Step step;
    step.output = static_cast<int>(t_.values.size()) - 1;
    std::tie(step.weight, step.input) = roles(a, b, out.set);
    step.holds_token = t_.value(a).set.count(r_.token) || t_.value(b).set.count(r_.token);
    t_.steps.push_back(step);
    return step.output;
  }

  std::pair<int, int> roles(int a, int b, const std::set<Index>& out) const {
    int weight = b, input = a;
    const bool token_a = t_.value(a).set.count(r_.token) > 0, token_b = t_.value(b).set.count(r_.token) > 0;
    if (t_.value(a).is_static != t_.value(b).is_static)
      weight = t_.value(a).is_static ? a : b;
    else if (token_a != token_b)
      weight = token_a ? b : a;
    input = weight == a ? b : a;
    if (!exchange_) return {weight, input};
    std::int64_t m = 1, n = 1;
    for (const Index& i : out) {
      const bool in_w = t_.value(weight).set.count(i) > 0, in_i = t_.value(input).set.count(i) > 0;
      if (in_w && !in_i) m *= e_.sizes.at(i);
      if (in_i && !in_w) n *= e_.sizes.at(i);
    }
    const auto cycles = [&](std::int64_t of_weight, std::int64_t of_input) {
      return base::ceil_div(of_weight, r_.grain.m) * base::ceil_div(of_input, r_.grain.n);
    };
    if (cycles(m, n) >= 2 * cycles(n, m)) std::swap(weight, input);
    return {weight, input};
  }

  const LowerRequest& r_;
  const spec::Einsum& e_;
  ContractionTree t_;
  bool exchange_ = true;  // roles may be exchanged
};

}  // namespace

ContractionTree contraction_tree(const LowerRequest& request) {
  return TreeBuilder(request).run();
}

}  // namespace heat::offline
