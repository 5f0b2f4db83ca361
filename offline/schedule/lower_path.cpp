// Three passes over the contraction tree: index sets from the leaves up, layouts from the root down, nodes in order.
#include "offline/schedule/lower_path.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/checked.h"
#include "offline/schedule/batched_gemm.h"

namespace heat::offline {
namespace {

using spec::Index;
using Indices = std::vector<Index>;

bool contains(const Indices& list, const Index& index) {
  return std::find(list.begin(), list.end(), index) != list.end();
}

// A tensor of the tree: the einsum's operands first, then one an inner step.
struct Value {
  std::set<Index> set;
  Indices order;       // axes, outermost first
  int producer = -1;   // step, or -1 for an operand
  bool fixed = false;  // the order is given
  bool is_static = false;
  spec::TensorId tensor;
};

struct Step {
  int weight = -1, input = -1, output = -1;  // values
  bool holds_token = false;
};

class Lowering {
 public:
  Lowering(spec::Workload& workload, const LowerRequest& request) : w_(workload), r_(request), e_(request.einsum) {
    HEAT_CHECK(r_.lanes > 0, "lanes of the machine");
  }

  LoweredPath run() {
    read_operands();
    build_tree();
    if (r_.features_are_channels && tokens_are_last_channels()) {
      exchange_ = false;
      values_.resize(r_.operands.size());
      steps_.clear();
      build_tree();
    }
    choose_layouts();
    make_tensors();
    return make_nodes();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw base::ConfigError("layer '" + r_.layer + "', einsum '" + e_.text() + "': " + what);
  }

  void read_operands() {
    if (r_.operands.size() != e_.operands.size())
      fail(std::to_string(r_.operands.size()) + " operands described, expected " + std::to_string(e_.operands.size()));
    if (e_.operands.size() < 2) fail("expected at least 2 operands");
    for (std::size_t i = 0; i < e_.operands.size(); ++i) {
      Value v;
      v.set = {e_.operands[i].begin(), e_.operands[i].end()};
      v.tensor = r_.operands[i].tensor;
      v.is_static = r_.operands[i].kind == spec::TensorKind::kWeight;
      v.fixed = v.tensor || !v.is_static;
      if (v.fixed) v.order = e_.operands[i];
      if (v.tensor) check_size(v.tensor, e_.operands[i]);
      values_.push_back(std::move(v));
    }
  }

  void check_size(spec::TensorId tensor, const Indices& indices) const {
    const spec::Tensor& t = w_.tensors[tensor];
    if (t.bytes() != e_.elements(indices))
      fail("tensor '" + t.name + "' has " + std::to_string(t.bytes()) + " elements, its operand " +
           std::to_string(e_.elements(indices)));
  }

  void build_tree() {
    std::vector<int> live(values_.size());
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
    values_.back().order = e_.output;
    values_.back().fixed = true;
    values_.back().tensor = r_.output_tensor;
    if (r_.output_tensor) check_size(r_.output_tensor, e_.output);
  }

  // The last node's weight operand brings the tokens, its input does not: they are in m.
  bool tokens_are_last_channels() const {
    const Step& last = steps_.back();
    return value(last.weight).set.count(r_.token) > 0 && value(last.input).set.count(r_.token) == 0;
  }

  // Index set of a x b given what is left; appends the value and the step.
  int add_step(int a, int b, const std::vector<int>& rest) {
    std::set<Index> needed(e_.output.begin(), e_.output.end());
    for (int v : rest) needed.insert(value(v).set.begin(), value(v).set.end());
    Value out;
    for (int operand : {a, b})
      for (const Index& i : value(operand).set)
        if (needed.count(i)) out.set.insert(i);
    out.producer = static_cast<int>(steps_.size());
    out.is_static = value(a).is_static && value(b).is_static;
    values_.push_back(out);
    Step step;
    step.output = static_cast<int>(values_.size()) - 1;
    std::tie(step.weight, step.input) = roles(a, b, out.set);
    step.holds_token = value(a).set.count(r_.token) || value(b).set.count(r_.token);
    steps_.push_back(step);
    return step.output;
  }

  std::pair<int, int> roles(int a, int b, const std::set<Index>& out) const {
    int weight = b, input = a;
    const bool token_a = value(a).set.count(r_.token) > 0, token_b = value(b).set.count(r_.token) > 0;
    if (value(a).is_static != value(b).is_static)
      weight = value(a).is_static ? a : b;
    else if (token_a != token_b)
      weight = token_a ? b : a;
    input = weight == a ? b : a;
    if (!exchange_) return {weight, input};
    std::int64_t m = 1, n = 1;
    for (const Index& i : out) {
      const bool in_w = value(weight).set.count(i) > 0, in_i = value(input).set.count(i) > 0;
      if (in_w && !in_i) m *= e_.sizes.at(i);
      if (in_i && !in_w) n *= e_.sizes.at(i);
    }
    const auto cycles = [&](std::int64_t on_lanes, std::int64_t streamed) {
      return base::ceil_div(on_lanes, r_.lanes) * streamed;
    };
    if (cycles(m, n) >= 2 * cycles(n, m)) std::swap(weight, input);
    return {weight, input};
  }

  // Orders of the operands of every step, the last step first: its output's order is known by then.
  void choose_layouts() {
    for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
      const Indices out = value(step->output).order;
      Value& w = value(step->weight);
      Value& in = value(step->input);
      Indices k;
      if (in.fixed || w.fixed) {
        for (const Index& i : in.fixed ? in.order : w.order)
          if (!contains(out, i)) k.push_back(i);
      } else {
        k = inner_order(in.producer >= 0 ? in : w, out);
      }
      if (!in.fixed) in.order = consumer_order(in, w, out, k);
      if (!w.fixed) w.order = consumer_order(w, in, out, k);
    }
  }

  // The k indices of a value: those its producer has in n first, those in m last; by name within each.
  Indices inner_order(const Value& v, const Indices& out) const {
    Indices outer, inner;
    for (const Index& i : v.set) {
      if (contains(out, i)) continue;
      const bool from_weight = v.producer >= 0 && value(step(v.producer).weight).set.count(i) > 0;
      (from_weight ? inner : outer).push_back(i);
    }
    outer.insert(outer.end(), inner.begin(), inner.end());
    return outer;
  }

  Indices consumer_order(const Value& v, const Value& other, const Indices& out, const Indices& k) const {
    Indices order;
    if (v.set.count(r_.token)) order.push_back(r_.token);
    for (bool shared : {true, false})
      for (const Index& i : out)
        if (i != r_.token && v.set.count(i) && (other.set.count(i) > 0) == shared) order.push_back(i);
    for (const Index& i : k)
      if (i != r_.token && v.set.count(i)) order.push_back(i);
    return order;
  }

  void make_tensors() {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      Value& v = values_[i];
      if (v.tensor) continue;
      spec::Tensor t;
      const bool operand = i < r_.operands.size(), last = i + 1 == values_.size();
      t.name = operand ? r_.operands[i].name : last ? r_.output_name : node_name(v.producer) + ".out";
      t.kind = operand ? r_.operands[i].kind : last ? r_.output_kind : spec::TensorKind::kIntermediate;
      for (const Index& x : v.order) t.shape.push_back(e_.sizes.at(x));
      v.tensor = w_.tensors.push_back(std::move(t));
    }
  }

  // Rank of a step in the order of execution.
  std::vector<int> execution_order() const {
    std::vector<int> order;
    for (bool token : {false, true})
      for (std::size_t i = 0; i < steps_.size(); ++i)
        if (steps_[i].holds_token == token) order.push_back(static_cast<int>(i));
    return order;
  }

  std::string node_name(int step_position) const {
    if (steps_.size() == 1) return r_.layer;
    const auto order = execution_order();
    const auto at = std::find(order.begin(), order.end(), step_position) - order.begin();
    return r_.layer + "/" + std::to_string(at + 1);
  }

  LoweredPath make_nodes() {
    LoweredPath lowered;
    for (int at : execution_order()) {
      const Step& st = step(at);
      const auto operand = [&](int v) { return GemmOperand{value(v).tensor, value(v).order, {}}; };
      spec::Node node;
      node.name = node_name(at);
      node.layer = r_.layer;
      spec::Einsum pair;
      pair.operands = {value(st.input).order, value(st.weight).order};
      pair.output = value(st.output).order;
      node.einsum = pair.text();
      node.gemm = batched_gemm(operand(st.weight), operand(st.input), operand(st.output), e_.sizes);
      const spec::LoopDim bound = bound_of(*node.gemm);
      lowered.nodes.push_back({w_.nodes.push_back(std::move(node)), bound});
      if (st.output + 1 != static_cast<int>(values_.size())) lowered.intermediates.push_back(value(st.output).tensor);
    }
    for (std::size_t i = 0; i < r_.operands.size(); ++i)
      lowered.operands.push_back({values_[i].tensor, values_[i].order});
    lowered.output = values_.back().tensor;
    return lowered;
  }

  spec::LoopDim bound_of(const spec::GemmNode& gemm) const {
    const auto leads = [&](const Indices& group) { return !group.empty() && group.front() == r_.token; };
    if (leads(gemm.indices.n)) return spec::LoopDim::kN;
    if (leads(gemm.indices.m)) return spec::LoopDim::kM;
    if (leads(gemm.indices.b)) return spec::LoopDim::kB;
    const auto& e = gemm.extents;
    if (e.b >= e.m && e.b >= e.n) return spec::LoopDim::kB;
    return e.m >= e.n ? spec::LoopDim::kM : spec::LoopDim::kN;
  }

  Value& value(int v) { return values_[static_cast<std::size_t>(v)]; }
  const Value& value(int v) const { return values_[static_cast<std::size_t>(v)]; }
  const Step& step(int s) const { return steps_[static_cast<std::size_t>(s)]; }

  spec::Workload& w_;
  const LowerRequest& r_;
  const spec::Einsum& e_;
  std::vector<Value> values_;
  std::vector<Step> steps_;
  bool exchange_ = true;  // roles may be exchanged
};

}  // namespace

LoweredPath lower_path(spec::Workload& workload, const LowerRequest& request) {
  return Lowering(workload, request).run();
}

}  // namespace heat::offline
