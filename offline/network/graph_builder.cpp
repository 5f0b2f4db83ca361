// Output axes follow from the operands, so that a builder states no shape twice.
#include "offline/network/graph_builder.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::offline {

ValueId GraphBuilder::value(const std::string& name, std::vector<Axis> axes) {
  graph_.values.push_back({name + ".out", std::move(axes)});
  return static_cast<ValueId>(graph_.values.size()) - 1;
}

ValueId GraphBuilder::put(const std::string& name, ValueId output, Operation operation) {
  graph_.operators.push_back({name, std::move(operation)});
  return output;
}

ValueId GraphBuilder::embedding(const std::string& name, op::RowOf row_of, std::int64_t rows, const Axis& features) {
  const ValueId out = value(name, {{"tokens"}, features});
  return put(name, out, op::Embedding{out, graph_.base_prefix + name, rows, row_of});
}

ValueId GraphBuilder::linear_with(const std::string& name, const std::string& parameters, ValueId input,
                                  const std::vector<Axis>& features) {
  std::vector<Axis> out_axes;
  for (const Axis& a : axes(input))
    if (a.size == kRuntimeSize) out_axes.push_back(a);
  out_axes.insert(out_axes.end(), features.begin(), features.end());
  const ValueId out = value(name, std::move(out_axes));
  return put(name, out, op::Linear{input, out, parameters});
}

ValueId GraphBuilder::linear(const std::string& name, ValueId input, const std::vector<Axis>& features) {
  return linear_with(name, graph_.base_prefix + name, input, features);
}

ValueId GraphBuilder::head_linear(const std::string& name, ValueId input, const std::vector<Axis>& features) {
  return linear_with(name, name, input, features);
}

ValueId GraphBuilder::matmul(const std::string& name, const Labelled& a, const Labelled& b,
                             const std::vector<std::string>& output_axes, double factor) {
  std::vector<Axis> out_axes;
  for (const std::string& label : output_axes)
    for (const Labelled* operand : {&a, &b}) {
      const auto at = std::find(operand->axes.begin(), operand->axes.end(), label);
      if (at == operand->axes.end()) continue;
      out_axes.push_back(axes(operand->value).at(static_cast<std::size_t>(at - operand->axes.begin())));
      break;
    }
  const ValueId out = value(name, std::move(out_axes));
  return put(name, out, op::Matmul{a.value, b.value, out, a.axes, b.axes, output_axes, factor});
}

ValueId GraphBuilder::mask(const std::string& name, ValueId input, op::MaskKind kind) {
  const ValueId out = value(name, axes(input));
  return put(name, out, op::Mask{input, out, kind});
}

ValueId GraphBuilder::softmax(const std::string& name, ValueId input) {
  const ValueId out = value(name, axes(input));
  return put(name, out, op::Softmax{input, out});
}

ValueId GraphBuilder::norm(const std::string& name, ValueId input, double epsilon) {
  const ValueId out = value(name, axes(input));
  return put(name, out, op::Norm{input, out, graph_.base_prefix + name, epsilon});
}

ValueId GraphBuilder::activation(const std::string& name, ValueId input, Activation function) {
  const ValueId out = value(name, axes(input));
  return put(name, out, op::Activate{input, out, function});
}

ValueId GraphBuilder::add(const std::string& name, ValueId a, ValueId b) {
  const ValueId out = value(name, axes(a));
  return put(name, out, op::Add{a, b, out});
}

ValueId GraphBuilder::select(const std::string& name, ValueId input, std::int64_t position) {
  HEAT_CHECK(!axes(input).empty(), name + ": nothing to select from");
  const ValueId out = value(name, {axes(input).begin() + 1, axes(input).end()});
  return put(name, out, op::Select{input, out, position});
}

ValueId GraphBuilder::dropout(const std::string& name, ValueId input, const Draws& draws) {
  const ValueId out = value(name, axes(input));
  return put(name, out, op::Dropout{input, out, draws.probability, draws.of_attention, draws.site});
}

ValueId GraphBuilder::cache(const std::string& name, ValueId input, const std::string& kept) {
  std::vector<Axis> out_axes = axes(input);
  HEAT_CHECK(!out_axes.empty(), name + ": nothing to keep");
  out_axes[0] = {kept};
  const ValueId out = value(name, std::move(out_axes));
  return put(name, out, op::Cache{input, out});
}

void GraphBuilder::begin_body(ValueId input, const std::string& input_name) {
  graph_.values.at(static_cast<std::size_t>(input)).name = input_name;
  graph_.body.first = graph_.operators.size();
}

Graph GraphBuilder::finish() {
  check(graph_);
  return std::move(graph_);
}

}  // namespace heat::offline
