// A network as operators over named values. The LibTorch forward (offline/model/torch_forward.h), the embedding on the
// host (offline/model/embed.h) and the lowering to a schedule (offline/schedule/machine_steps.h) walk the same graph.
// Parameters are names, as in the checkpoint; their numbers lie with the consumer.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "offline/network/activation.h"

namespace heat::offline {

// One axis of a value. A runtime axis (tokens) has the length of what the network is given; runtime axes of one name
// have one length. The batch is no axis.
inline constexpr std::int64_t kRuntimeSize = 0;
struct Axis {
  std::string name;
  std::int64_t size = kRuntimeSize;
  bool operator==(const Axis&) const = default;
};

struct Value {
  std::string name;
  std::vector<Axis> axes;
};
using ValueId = int;  // position in Graph::values
inline constexpr ValueId kNoValue = -1;

namespace op {

// Rows of `table` [rows, features], one a token. Rows are picked by the token's id, by its position, or are row 0.
enum class RowOf { kToken, kPosition, kFirstSegment };
struct Embedding {
  ValueId output = kNoValue;  // [tokens, features]
  std::string parameters;
  std::int64_t rows = 0;
  RowOf row_of = RowOf::kToken;
};

// y = W x + b over the axes of fixed size, flattened; runtime axes lead and stay.
struct Linear {
  ValueId input = kNoValue, output = kNoValue;
  std::string parameters;
};

// output = sum over the axes that it lacks of (factor * a) * b, as an einsum: the *_axes label the values' axes. The
// two operands may have different runtime axes (keys of another sequence).
struct Matmul {
  ValueId a = kNoValue, b = kNoValue, output = kNoValue;
  std::vector<std::string> a_axes, b_axes, output_axes;
  double factor = 1;
};

// Scores that a query may not see become very negative. The last axis holds the keys, the one before the queries.
enum class MaskKind {
  kPadding,  // keys behind the end of their text
  kCausal    // keys behind the query
};
struct Mask {
  ValueId input = kNoValue, output = kNoValue;
  MaskKind kind = MaskKind::kPadding;
};

// Over the last axis.
struct Softmax {
  ValueId input = kNoValue, output = kNoValue;
};

// Layer norm over the last axis.
struct Norm {
  ValueId input = kNoValue, output = kNoValue;
  std::string parameters;
  double epsilon = 0;
};

struct Activate {
  ValueId input = kNoValue, output = kNoValue;
  Activation function = Activation::kNone;
};

struct Add {
  ValueId a = kNoValue, b = kNoValue, output = kNoValue;
};

// Element `position` of the first axis.
struct Select {
  ValueId input = kNoValue, output = kNoValue;
  std::int64_t position = 0;
};

// Identity but in training. `site` decides the draws together with the step's seed.
struct Dropout {
  ValueId input = kNoValue, output = kNoValue;
  double probability = 0;
  bool of_attention = false;  // keeps its probability when a run asks for another one
  std::array<std::uint64_t, 2> site{};
};

// What earlier runs wrote, followed by the input, along the first axis: keys and values of a decoder.
struct Cache {
  ValueId input = kNoValue, output = kNoValue;
};

}  // namespace op

using Operation = std::variant<op::Embedding, op::Linear, op::Matmul, op::Mask, op::Softmax, op::Norm, op::Activate,
                               op::Add, op::Select, op::Dropout, op::Cache>;

struct Operator {
  std::string name;  // "encoder.layer.0.attention.self.query"; its node in a schedule has the same
  Operation operation;
};

// Operators [first, last).
struct OperatorRange {
  std::size_t first = 0, last = 0;
  bool contains(std::size_t i) const { return i >= first && i < last; }
};

struct Graph {
  std::string base_prefix;  // of the parameters that a checkpoint of the bare network names without it
  std::vector<Value> values;
  std::vector<Operator> operators;  // every value is made before it is used
  // What the machine runs and decomposition may replace. Before it: the embedding; behind it: the head.
  OperatorRange body;
  // Results: the body's [tokens, features], the head's features and its logits (kNoValue without a classifier).
  ValueId sequence = kNoValue, pooled = kNoValue, logits = kNoValue;
  // What distillation compares, one of each a block: attention weights [heads, queries, keys] and outputs [tokens,
  // features].
  std::vector<ValueId> attentions, hidden;
};

// "linear", "matmul", ... of an operation.
std::string operation_name(const Operation& operation);
std::vector<ValueId> inputs_of(const Operation& operation);
ValueId output_of(const Operation& operation);
// The checkpoint's name of the operation's parameters, without ".weight" or ".bias"; empty: it has none.
std::string parameters_of(const Operation& operation);

// Values that a range of operators reads and does not make, each once, in the order of their use.
std::vector<ValueId> values_entering(const Graph& graph, const OperatorRange& range);

// The product of a value's fixed axes: the features of a linear's operand.
std::int64_t features_of(const Value& value);
// "encoder.layer.0.attention.self.scores (matmul)": how errors name an operator.
std::string describe(const Operator& op);

// Throws base::ConfigError: `consumer` ("the LibTorch forward") cannot run the operator.
[[noreturn]] void refuse(const Operator& op, const std::string& consumer);

// Throws base::ConfigError with every fault: values used before they are made or made twice, shapes that do not agree,
// parameters of two shapes, a body or results that are none.
void check(const Graph& graph);

// One line an operator: "name = operation(inputs) -> output[axes]".
std::string to_text(const Graph& graph);

}  // namespace heat::offline
