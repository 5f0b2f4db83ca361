// What is known of an operation lies in one table row each: its name, what it reads, what it writes.
#include "offline/network/graph.h"

#include <cstdio>
#include <stdexcept>

#include "base/errors.h"
#include "base/overloaded.h"

namespace heat::offline {
namespace {

using base::Overloaded;

std::string row_of_name(op::RowOf row) {
  switch (row) {
    case op::RowOf::kToken:
      return "token";
    case op::RowOf::kPosition:
      return "position";
    case op::RowOf::kFirstSegment:
      return "first segment";
  }
  throw std::logic_error("RowOf out of range");
}

std::string mask_name(op::MaskKind kind) {
  switch (kind) {
    case op::MaskKind::kPadding:
      return "padding";
    case op::MaskKind::kCausal:
      return "causal";
  }
  throw std::logic_error("MaskKind out of range");
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", x);
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& w : words) text += (text.empty() ? "" : " ") + w;
  return text;
}

// What an operation does beside its operands and parameters.
std::string attributes(const Operation& operation) {
  return std::visit(
      Overloaded{[](const op::Embedding& o) { return row_of_name(o.row_of) + " of " + std::to_string(o.rows); },
                 [](const op::Linear&) { return std::string(); },
                 [](const op::Matmul& o) {
                   return joined(o.a_axes) + ", " + joined(o.b_axes) + " -> " + joined(o.output_axes) +
                          (o.factor == 1 ? "" : ", factor " + number(o.factor));
                 },
                 [](const op::Mask& o) { return mask_name(o.kind); }, [](const op::Softmax&) { return std::string(); },
                 [](const op::Norm& o) { return "epsilon " + number(o.epsilon); },
                 [](const op::Activate& o) { return activation_name(o.function); },
                 [](const op::Add&) { return std::string(); },
                 [](const op::Select& o) { return "position " + std::to_string(o.position); },
                 [](const op::Dropout& o) { return number(o.probability); },
                 [](const op::Cache&) { return std::string(); }},
      operation);
}

std::string axes_text(const Value& value) {
  std::string text;
  for (const Axis& a : value.axes)
    text += (text.empty() ? "" : ", ") + a.name + (a.size == kRuntimeSize ? "" : " " + std::to_string(a.size));
  return value.name + "[" + text + "]";
}

}  // namespace

std::string operation_name(const Operation& operation) {
  return std::visit(Overloaded{[](const op::Embedding&) { return "embedding"; },
                               [](const op::Linear&) { return "linear"; }, [](const op::Matmul&) { return "matmul"; },
                               [](const op::Mask&) { return "mask"; }, [](const op::Softmax&) { return "softmax"; },
                               [](const op::Norm&) { return "norm"; }, [](const op::Activate&) { return "activation"; },
                               [](const op::Add&) { return "add"; }, [](const op::Select&) { return "select"; },
                               [](const op::Dropout&) { return "dropout"; }, [](const op::Cache&) { return "cache"; }},
                    operation);
}

std::vector<ValueId> inputs_of(const Operation& operation) {
  return std::visit(Overloaded{[](const op::Embedding&) { return std::vector<ValueId>{}; },
                               [](const op::Matmul& o) {
                                 return std::vector<ValueId>{o.a, o.b};
                               },
                               [](const op::Add& o) {
                                 return std::vector<ValueId>{o.a, o.b};
                               },
                               [](const auto& o) { return std::vector<ValueId>{o.input}; }},
                    operation);
}

ValueId output_of(const Operation& operation) {
  return std::visit([](const auto& o) { return o.output; }, operation);
}

std::string parameters_of(const Operation& operation) {
  return std::visit(
      [](const auto& o) {
        if constexpr (requires { o.parameters; })
          return o.parameters;
        else
          return std::string();
      },
      operation);
}

std::int64_t features_of(const Value& value) {
  std::int64_t product = 1;
  for (const Axis& a : value.axes)
    if (a.size != kRuntimeSize) product *= a.size;
  return product;
}

std::string describe(const Operator& op) {
  return op.name + " (" + operation_name(op.operation) + ")";
}

void refuse(const Operator& op, const std::string& consumer) {
  throw base::ConfigError(describe(op) + ": " + consumer + " cannot run this operator");
}

std::vector<ValueId> values_entering(const Graph& graph, const OperatorRange& range) {
  std::vector<bool> made(graph.values.size(), false), listed(graph.values.size(), false);
  std::vector<ValueId> entering;
  for (std::size_t i = range.first; i < range.last; ++i) {
    for (ValueId v : inputs_of(graph.operators[i].operation)) {
      const auto at = static_cast<std::size_t>(v);
      if (!made[at] && !listed[at]) entering.push_back(v);
      listed[at] = true;
    }
    made[static_cast<std::size_t>(output_of(graph.operators[i].operation))] = true;
  }
  return entering;
}

std::string to_text(const Graph& graph) {
  std::string text;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (i == graph.body.first) text += "body:\n";
    if (i == graph.body.last) text += "head:\n";
    const Operator& o = graph.operators[i];
    std::string operands;
    for (ValueId v : inputs_of(o.operation))
      operands += (operands.empty() ? "" : ", ") + graph.values[static_cast<std::size_t>(v)].name;
    const std::string extra = attributes(o.operation), parameters = parameters_of(o.operation);
    text += o.name + " = " + operation_name(o.operation) + "(" + operands + ")" +
            (extra.empty() ? "" : " {" + extra + "}") + " -> " +
            axes_text(graph.values[static_cast<std::size_t>(output_of(o.operation))]) +
            (parameters.empty() ? "" : " with " + parameters) + "\n";
  }
  return text;
}

}  // namespace heat::offline
