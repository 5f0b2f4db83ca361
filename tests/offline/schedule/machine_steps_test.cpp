// What the machine has steps for, and by which name it refuses the rest.
#include "offline/schedule/machine_steps.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/errors.h"
#include "offline/network/graph_builder.h"
#include "tests/offline/schedule/networks.h"

namespace heat::offline {
namespace {

const Axis kHidden{"hidden", 6};

// A body of what `add` makes of its input.
Graph body_of(const std::function<ValueId(GraphBuilder&, ValueId)>& add) {
  GraphBuilder b("net.");
  const ValueId x = b.embedding("words", op::RowOf::kToken, 5, kHidden);
  b.begin_body(x, "input");
  const ValueId y = add(b, x);
  b.end_body();
  b.graph().sequence = y;
  return b.finish();
}

std::string refusal(const std::function<ValueId(GraphBuilder&, ValueId)>& add) {
  try {
    machine_steps(body_of(add));
  } catch (const base::ConfigError& e) {
    return e.what();
  }
  return "none";
}

TEST(MachineSteps, BlockOfAnEncoderThenItsElevenNodes) {
  const MachineBody body = machine_steps(test::encoder(1, 24, 3, 40));
  std::vector<std::string> names;
  for (const MachineStep& step : body.steps) names.push_back(name_of(step));
  const std::string p = "encoder.layer.0.";
  EXPECT_EQ(names, (std::vector<std::string>{p + "attention.self.query", p + "attention.self.key",
                                             p + "attention.self.value", p + "attention.self.scores",
                                             p + "attention.self.softmax", p + "attention.self.context",
                                             p + "attention.output.dense", p + "attention.output.LayerNorm",
                                             p + "intermediate.dense", p + "output.dense", p + "output.LayerNorm"}));
  const auto& norm = std::get<NormStep>(body.steps[7]);
  EXPECT_EQ(norm.input, output_of(body.steps[6]));
  EXPECT_EQ(norm.residual, body.input);
  EXPECT_EQ(std::get<LinearStep>(body.steps[8]).layer.activation, Activation::kGelu);
  EXPECT_EQ(std::get<LinearStep>(body.steps[9]).layer.activation, Activation::kNone);
  EXPECT_EQ(body.output, output_of(body.steps[10]));
}

TEST(MachineSteps, LinearLayersHaveTheCheckpointsNamesAndSizes) {
  const std::vector<LinearLayer> layers = linear_layers(test::encoder(2, 24, 3, 40));
  ASSERT_EQ(layers.size(), 12u);
  EXPECT_EQ(layers[11].name, "encoder.layer.1.output.dense");
  EXPECT_EQ(layers[11].parameters, "bert.encoder.layer.1.output.dense");
  EXPECT_EQ(layers[11].in, 40);
  EXPECT_EQ(layers[11].out, 24);
}

// Scores of all pairs of tokens.
ValueId scores(GraphBuilder& b, ValueId x) {
  return b.matmul("scores", {x, {"t", "d"}}, {x, {"s", "d"}}, {"t", "s"});
}
ValueId context(GraphBuilder& b, ValueId weights, ValueId x) {
  return b.matmul("context", {weights, {"t", "s"}}, {x, {"s", "d"}}, {"t", "d"});
}

TEST(MachineSteps, PaddingMaskThenItsSoftmaxKnows) {
  for (bool masked : {true, false}) {
    const MachineBody body = machine_steps(body_of([&](GraphBuilder& b, ValueId x) {
      ValueId s = scores(b, x);
      if (masked) s = b.mask("mask", s, op::MaskKind::kPadding);
      return context(b, b.softmax("softmax", s), x);
    }));
    ASSERT_EQ(body.steps.size(), 3u);
    EXPECT_EQ(std::get<SoftmaxStep>(body.steps[1]).masks_padding, masked);
    EXPECT_EQ(std::get<SoftmaxStep>(body.steps[1]).input, output_of(body.steps[0]));
  }
}

TEST(MachineSteps, PaddingMaskOfAnythingButItsOwnSoftmaxThenRefused) {
  const std::string cannot = "mask (mask): the machine cannot run this operator";
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) {
              return context(b, b.mask("mask", scores(b, x), op::MaskKind::kPadding), x);
            }),
            cannot);
  EXPECT_EQ(
      refusal([](GraphBuilder& b, ValueId x) {
        const ValueId s = b.mask("mask", scores(b, x), op::MaskKind::kPadding);
        const ValueId y = context(b, b.softmax("softmax", s), x);
        return b.norm("norm", b.add("add", y, b.matmul("again", {s, {"t", "s"}}, {x, {"s", "d"}}, {"t", "d"})), 1e-5);
      }),
      cannot);
}

TEST(MachineSteps, NormWithoutASumThenNoResidual) {
  const MachineBody body = machine_steps(body_of([](GraphBuilder& b, ValueId x) { return b.norm("norm", x, 1e-5); }));
  EXPECT_EQ(std::get<NormStep>(body.steps.at(0)).residual, kNoValue);
}

TEST(MachineSteps, OperatorsThatTheMachineLacksThenTheirName) {
  const std::string cannot = ": the machine cannot run this operator";
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) { return b.cache("keys", x, "context"); }), "keys (cache)" + cannot);
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) {
              const ValueId s = b.matmul("scores", {x, {"t", "d"}}, {x, {"s", "d"}}, {"t", "s"});
              return b.mask("later", s, op::MaskKind::kCausal);
            }),
            "later (mask)" + cannot);
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) { return b.select("first", x, 0); }), "first (select)" + cannot);
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) {
              b.embedding("more", op::RowOf::kPosition, 5, kHidden);
              return b.linear("dense", x, {kHidden});
            }),
            "more (embedding)" + cannot);
}

TEST(MachineSteps, ActivationOfAnythingButItsOwnLinearThenRefused) {
  const std::string cannot = ": the machine cannot run this operator";
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) { return b.activation("act", x, Activation::kRelu); }),
            "act (activation)" + cannot);
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) {
              const ValueId y = b.linear("dense", x, {kHidden});
              return b.norm("norm", b.add("add", b.activation("act", y, Activation::kRelu), y), 1e-5);
            }),
            "act (activation)" + cannot);
}

TEST(MachineSteps, SumThatNoNormTakesInThenRefused) {
  const std::string cannot = ": the machine cannot run this operator";
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) { return b.linear("dense", b.add("add", x, x), {kHidden}); }),
            "add (add)" + cannot);
  EXPECT_EQ(refusal([](GraphBuilder& b, ValueId x) {
              const ValueId sum = b.add("add", x, b.linear("dense", x, {kHidden}));
              return b.norm("second", b.add("again", b.norm("first", sum, 1e-5), sum), 1e-5);
            }),
            "add (add)" + cannot);
}

TEST(MachineSteps, BodyThatTakesOrDeliversTwoValuesThenError) {
  GraphBuilder b("net.");
  const ValueId x = b.embedding("words", op::RowOf::kToken, 5, kHidden),
                m = b.embedding("memory", op::RowOf::kToken, 5, kHidden);
  b.begin_body(x, "input");
  const ValueId q = b.linear("q", x, {kHidden}), k = b.linear("k", m, {kHidden});
  b.end_body();
  b.graph().sequence = k;
  Graph graph = b.graph();
  EXPECT_THROW(machine_steps(graph), base::ConfigError);  // takes two
  GraphBuilder c("net.");
  const ValueId y = c.embedding("words", op::RowOf::kToken, 5, kHidden);
  c.begin_body(y, "input");
  const ValueId first = c.linear("first", y, {kHidden}), second = c.linear("second", first, {kHidden});
  c.end_body();
  c.graph().sequence = second;
  c.graph().pooled = c.add("sum", first, second);
  try {
    machine_steps(c.graph());
    FAIL();
  } catch (const base::ConfigError& e) {
    EXPECT_STREQ(e.what(), "the network's head reads 'first.out': the machine delivers 'second.out' alone");
  }
  EXPECT_NE(q, k);
}

}  // namespace
}  // namespace heat::offline
