// Every rule of graph.h, operator by operator; all faults are reported together.
#include <algorithm>
#include <map>
#include <optional>

#include "base/errors.h"
#include "offline/network/graph.h"

namespace heat::offline {
namespace {

std::string text_of(const std::vector<Axis>& axes) {
  std::string text;
  for (const Axis& a : axes)
    text += (text.empty() ? "" : ", ") + a.name + (a.size == kRuntimeSize ? "" : " " + std::to_string(a.size));
  return "[" + text + "]";
}

bool is_runtime(const Axis& axis) {
  return axis.size == kRuntimeSize;
}

class GraphCheck {
 public:
  explicit GraphCheck(const Graph& graph) : graph_(graph), made_(graph.values.size(), false) {}

  void run() {
    for (const Operator& o : graph_.operators) {
      place_ = describe(o);
      if (!operands_exist(o.operation)) continue;
      std::visit([this](const auto& operation) { shapes(operation); }, o.operation);
      made_[static_cast<std::size_t>(output_of(o.operation))] = true;
    }
    marks();
    problems_.throw_if_any();
  }

 private:
  const std::vector<Axis>& axes(ValueId id) const { return graph_.values[static_cast<std::size_t>(id)].axes; }
  const std::string& name(ValueId id) const { return graph_.values[static_cast<std::size_t>(id)].name; }
  bool in_range(ValueId id) const { return id >= 0 && static_cast<std::size_t>(id) < graph_.values.size(); }
  void fault(const std::string& message) { problems_.add(place_, message); }

  bool operands_exist(const Operation& operation) {
    const std::size_t before = problems_.list().size();
    for (ValueId v : inputs_of(operation)) {
      if (!in_range(v))
        fault("reads value " + std::to_string(v) + ", which is none");
      else if (!made_[static_cast<std::size_t>(v)])
        fault("reads '" + name(v) + "' before it is made");
    }
    const ValueId out = output_of(operation);
    if (!in_range(out))
      fault("makes value " + std::to_string(out) + ", which is none");
    else if (made_[static_cast<std::size_t>(out)])
      fault("makes '" + name(out) + "' a second time");
    return problems_.list().size() == before;
  }

  void expect(ValueId id, const std::vector<Axis>& expected) {
    if (axes(id) != expected)
      fault("'" + name(id) + "' has the axes " + text_of(axes(id)) + ", expected " + text_of(expected));
  }

  // Parameters of one name are shared, so they have one shape.
  void parameters(const std::string& parameters, const std::vector<std::int64_t>& shape) {
    if (parameters.empty()) return fault("has no name for its parameters");
    const auto [known, fresh] = parameters_.emplace(parameters, shape);
    if (!fresh && known->second != shape) fault("shares '" + parameters + "' in another shape");
  }

  void shapes(const op::Embedding& o) {
    if (axes(o.output).size() != 2 || !is_runtime(axes(o.output)[0]) || is_runtime(axes(o.output)[1]))
      fault("makes " + text_of(axes(o.output)) + ", expected a runtime axis and one of fixed size");
    if (o.rows < 1) fault("has " + std::to_string(o.rows) + " rows");
    parameters(o.parameters, {o.rows, features_of(graph_.values[static_cast<std::size_t>(o.output)])});
  }

  void shapes(const op::Linear& o) {
    std::vector<Axis> kept[2];
    for (const auto& [id, axes_kept] : {std::pair(o.input, &kept[0]), std::pair(o.output, &kept[1])}) {
      const auto& all = axes(id);
      const auto fixed = std::find_if_not(all.begin(), all.end(), is_runtime);
      if (fixed == all.end() || std::any_of(fixed, all.end(), is_runtime))
        fault("'" + name(id) + "' has the axes " + text_of(all) + ", expected runtime axes, then some of fixed size");
      axes_kept->assign(all.begin(), fixed);
    }
    if (kept[0] != kept[1]) fault("maps " + text_of(axes(o.input)) + " to " + text_of(axes(o.output)));
    parameters(o.parameters, {features_of(graph_.values[static_cast<std::size_t>(o.output)]),
                              features_of(graph_.values[static_cast<std::size_t>(o.input)])});
  }

  void shapes(const op::Matmul& o) {
    std::map<std::string, Axis> known;
    const auto label = [&](ValueId id, const std::vector<std::string>& labels, bool operand) {
      if (labels.size() != axes(id).size())
        return fault("gives '" + name(id) + "' " + std::to_string(labels.size()) + " labels, it has " +
                     std::to_string(axes(id).size()) + " axes");
      for (std::size_t i = 0; i < labels.size(); ++i) {
        if (std::count(labels.begin(), labels.end(), labels[i]) > 1) fault("repeats the label " + labels[i]);
        const auto at = known.find(labels[i]);
        if (at == known.end() && operand)
          known.emplace(labels[i], axes(id)[i]);
        else if (at == known.end())
          fault("makes the label " + labels[i] + ", which no operand has");
        else if (at->second != axes(id)[i])
          fault("label " + labels[i] + " is " + text_of({at->second}) + " and " + text_of({axes(id)[i]}));
      }
    };
    label(o.a, o.a_axes, true);
    label(o.b, o.b_axes, true);
    label(o.output, o.output_axes, false);
    for (const std::string& l : o.a_axes)
      if (!has(o.b_axes, l) && !has(o.output_axes, l)) fault("sums " + l + " of one operand only");
    for (const std::string& l : o.b_axes)
      if (!has(o.a_axes, l) && !has(o.output_axes, l)) fault("sums " + l + " of one operand only");
  }

  static bool has(const std::vector<std::string>& labels, const std::string& label) {
    return std::find(labels.begin(), labels.end(), label) != labels.end();
  }

  void shapes(const op::Mask& o) {
    if (axes(o.input).size() < 2) fault("reads " + text_of(axes(o.input)) + ", expected queries and keys last");
    expect(o.output, axes(o.input));
  }
  void shapes(const op::Softmax& o) { expect(o.output, axes(o.input)); }
  void shapes(const op::Norm& o) {
    expect(o.output, axes(o.input));
    if (axes(o.input).empty() || is_runtime(axes(o.input).back()))
      return fault("reads " + text_of(axes(o.input)) + ", expected a last axis of fixed size");
    parameters(o.parameters, {axes(o.input).back().size});
  }
  void shapes(const op::Activate& o) { expect(o.output, axes(o.input)); }
  void shapes(const op::Add& o) {
    expect(o.b, axes(o.a));
    expect(o.output, axes(o.a));
  }
  void shapes(const op::Select& o) {
    const auto& in = axes(o.input);
    if (in.empty() || (!is_runtime(in[0]) && o.position >= in[0].size) || o.position < 0)
      return fault("position " + std::to_string(o.position) + " of " + text_of(in));
    expect(o.output, {in.begin() + 1, in.end()});
  }
  void shapes(const op::Dropout& o) {
    if (o.probability < 0 || o.probability >= 1) fault("probability " + std::to_string(o.probability));
    expect(o.output, axes(o.input));
  }
  void shapes(const op::Cache& o) {
    std::vector<Axis> rest = axes(o.input);
    if (rest.empty() || !is_runtime(rest[0]) || axes(o.output).empty() || !is_runtime(axes(o.output)[0]))
      return fault("takes " + text_of(rest) + " to " + text_of(axes(o.output)) + ", expected a runtime axis first");
    rest[0] = axes(o.output)[0];
    expect(o.output, rest);
  }

  void marks() {
    place_ = "graph";
    const std::size_t count = graph_.operators.size();
    if (graph_.body.first >= graph_.body.last || graph_.body.last > count)
      fault("the body is operators " + std::to_string(graph_.body.first) + " to " + std::to_string(graph_.body.last) +
            " of " + std::to_string(count));
    result("sequence", graph_.sequence, true);
    result("pooled", graph_.pooled, false);
    result("logits", graph_.logits, false);
    for (ValueId v : graph_.attentions) result("an attention", v, true);
    for (ValueId v : graph_.hidden) result("a hidden state", v, true);
    if (graph_.attentions.size() != graph_.hidden.size())
      fault(std::to_string(graph_.attentions.size()) + " attentions, " + std::to_string(graph_.hidden.size()) +
            " hidden states");
  }

  void result(const std::string& what, ValueId id, bool required) {
    if (id == kNoValue && !required) return;
    if (!in_range(id) || !made_[static_cast<std::size_t>(id)])
      fault(what + " is value " + std::to_string(id) + ", which no operator makes");
  }

  const Graph& graph_;
  std::vector<bool> made_;
  std::map<std::string, std::vector<std::int64_t>> parameters_;
  base::Problems problems_;
  std::string place_;
};

}  // namespace

void check(const Graph& graph) {
  GraphCheck(graph).run();
}

}  // namespace heat::offline
