// Broken graphs, one fault each, and what the errors say.
#include "offline/network/graph.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/errors.h"
#include "offline/network/graph_builder.h"

namespace heat::offline {
namespace {

// words -> body: q, k (heads), scores, softmax, context, dense, add, norm.
Graph sound() {
  GraphBuilder b("net.");
  const Axis hidden{"hidden", 6};
  const ValueId x = b.embedding("words", op::RowOf::kToken, 5, hidden);
  b.begin_body(x, "input");
  const std::vector<Axis> heads{{"heads", 2}, {"size", 3}};
  const ValueId q = b.linear("q", x, heads), k = b.linear("k", x, heads);
  const ValueId weights =
      b.softmax("softmax", b.matmul("scores", {q, {"t", "h", "d"}}, {k, {"s", "h", "d"}}, {"h", "t", "s"}));
  const ValueId context = b.matmul("context", {weights, {"h", "t", "s"}}, {k, {"s", "h", "d"}}, {"t", "h", "d"});
  const ValueId y = b.norm("norm", b.add("add", b.linear("dense", context, {hidden}), x), 1e-5);
  b.end_body();
  b.graph().sequence = y;
  b.graph().attentions = {weights};
  b.graph().hidden = {y};
  return b.finish();
}

// The operation of type T of the operator `name`.
template <class T>
T& operation(Graph& graph, const std::string& name) {
  for (Operator& o : graph.operators)
    if (o.name == name) return std::get<T>(o.operation);
  throw std::logic_error("no operator " + name);
}

std::string faults(const std::function<void(Graph&)>& breaks) {
  Graph graph = sound();
  breaks(graph);
  try {
    check(graph);
  } catch (const base::ConfigError& e) {
    return e.what();
  }
  return "sound";
}

void expect_fault(const std::function<void(Graph&)>& breaks, const std::string& part) {
  const std::string text = faults(breaks);
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(GraphCheck, SoundGraphPasses) {
  EXPECT_EQ(faults([](Graph&) {}), "sound");
}

TEST(GraphCheck, ValuesAreMadeOnceAndBeforeTheirUse) {
  expect_fault([](Graph& g) { std::swap(g.operators[1], g.operators[3]); }, "scores (matmul): reads 'q.out' before it");
  expect_fault([](Graph& g) { operation<op::Linear>(g, "k").output = operation<op::Linear>(g, "q").output; },
               "k (linear): makes 'q.out' a second time");
  expect_fault([](Graph& g) { operation<op::Softmax>(g, "softmax").input = 77; }, "reads value 77, which is none");
  expect_fault([](Graph& g) { operation<op::Softmax>(g, "softmax").output = kNoValue; }, "makes value -1");
}

TEST(GraphCheck, ShapesAgree) {
  const auto resize = [](const std::string& value, std::vector<Axis> axes) {
    return [value, axes](Graph& g) {
      for (Value& v : g.values)
        if (v.name == value) v.axes = axes;
    };
  };
  expect_fault(resize("softmax.out", {{"heads", 2}}), "softmax (softmax): 'softmax.out' has the axes [heads 2]");
  expect_fault(resize("add.out", {{"tokens"}, {"hidden", 7}}), "add (add): 'add.out' has the axes [tokens, hidden 7]");
  expect_fault(resize("norm.out", {{"tokens"}}), "norm (norm): 'norm.out' has the axes [tokens]");
  expect_fault(resize("dense.out", {{"hidden", 6}, {"tokens"}}), "dense (linear): 'dense.out' has the axes");
  expect_fault(resize("dense.out", {{"words"}, {"hidden", 6}}), "dense (linear): maps [tokens, heads 2, size 3] to");
  expect_fault(resize("input", {{"tokens"}, {"more"}, {"hidden", 6}}),
               "words (embedding): makes [tokens, more, hidden");
  expect_fault(resize("k.out", {{"tokens"}, {"heads", 2}, {"size", 4}}), "label d is [size 3] and [size 4]");
}

TEST(GraphCheck, LabelsOfAProductAreConsistent) {
  expect_fault([](Graph& g) { operation<op::Matmul>(g, "scores").a_axes = {"t", "h"}; }, "2 labels, it has 3 axes");
  expect_fault(
      [](Graph& g) {
        operation<op::Matmul>(g, "scores").output_axes = {"h", "t", "z"};
      },
      "makes the label z, which no operand has");
  expect_fault(
      [](Graph& g) {
        operation<op::Matmul>(g, "scores").a_axes = {"t", "h", "e"};
      },
      "sums e of one operand only");
  expect_fault([](Graph& g) { operation<op::Matmul>(g, "context").b_axes = {"s", "h", "h"}; }, "repeats the label h");
}

TEST(GraphCheck, ParametersHaveNamesAndOneShape) {
  expect_fault([](Graph& g) { operation<op::Linear>(g, "q").parameters.clear(); }, "has no name for its parameters");
  expect_fault([](Graph& g) { operation<op::Norm>(g, "norm").parameters = "net.q"; }, "shares 'net.q' in another");
  EXPECT_EQ(faults([](Graph& g) { operation<op::Linear>(g, "k").parameters = "net.q"; }), "sound");  // tied
}

TEST(GraphCheck, BodyAndResultsExist) {
  expect_fault([](Graph& g) { g.body = {3, 3}; }, "the body is operators 3 to 3");
  expect_fault([](Graph& g) { g.body.last = 99; }, "the body is operators 1 to 99");
  expect_fault([](Graph& g) { g.sequence = kNoValue; }, "sequence is value -1");
  expect_fault([](Graph& g) { g.logits = 55; }, "logits is value 55");
  expect_fault([](Graph& g) { g.hidden.clear(); }, "1 attentions, 0 hidden states");
}

TEST(GraphCheck, AllFaultsAreReportedTogether) {
  const std::string text = faults([](Graph& g) {
    g.sequence = kNoValue;
    operation<op::Linear>(g, "q").parameters.clear();
  });
  EXPECT_EQ(text.find("2 problems:"), 0u) << text;
}

TEST(GraphCheck, CachesKeepTheAxesButTheFirst) {
  GraphBuilder b("net.");
  const ValueId x = b.embedding("words", op::RowOf::kToken, 5, {"hidden", 6});
  b.begin_body(x, "input");
  const ValueId kept = b.cache("keys", b.linear("k", x, {{"hidden", 6}}), "context");
  b.end_body();
  b.graph().sequence = kept;
  Graph graph = b.finish();
  EXPECT_EQ(graph.values.back().axes, (std::vector<Axis>{{"context"}, {"hidden", 6}}));
  graph.values.back().axes[1].size = 5;
  EXPECT_THROW(check(graph), base::ConfigError);
}

TEST(Graph, EnteringValuesAreThoseOfOthers) {
  const Graph graph = sound();
  EXPECT_EQ(values_entering(graph, graph.body), (std::vector<ValueId>{0}));
  const std::size_t context = 5;
  ASSERT_EQ(graph.operators[context].name, "context");
  EXPECT_EQ(values_entering(graph, {context, context + 1}).size(), 2u);
}

TEST(Graph, RefusalNamesOperatorAndConsumer) {
  try {
    refuse(sound().operators[3], "the toaster");
  } catch (const base::ConfigError& e) {
    EXPECT_STREQ(e.what(), "scores (matmul): the toaster cannot run this operator");
  }
}

}  // namespace
}  // namespace heat::offline
