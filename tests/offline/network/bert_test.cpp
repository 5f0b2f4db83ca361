// The graph of a tiny encoder, line by line.
#include "offline/network/bert.h"

#include <gtest/gtest.h>

namespace heat::offline {
namespace {

ModelConfig tiny() {
  ModelConfig c;
  c.vocab_size = 11;
  c.hidden_size = 8;
  c.num_hidden_layers = 1;
  c.num_attention_heads = 2;
  c.intermediate_size = 12;
  c.max_position_embeddings = 7;
  c.labels = {"x", "y", "z"};
  return c;
}

const char* const kTinyText =
    R"(embeddings.word_embeddings = embedding() {token of 11} -> embeddings.word_embeddings.out[tokens, hidden 8] with bert.embeddings.word_embeddings
embeddings.position_embeddings = embedding() {position of 7} -> embeddings.position_embeddings.out[tokens, hidden 8] with bert.embeddings.position_embeddings
embeddings.token_type_embeddings = embedding() {first segment of 2} -> embeddings.token_type_embeddings.out[tokens, hidden 8] with bert.embeddings.token_type_embeddings
embeddings.add_positions = add(embeddings.word_embeddings.out, embeddings.position_embeddings.out) -> embeddings.add_positions.out[tokens, hidden 8]
embeddings.add_types = add(embeddings.add_positions.out, embeddings.token_type_embeddings.out) -> embeddings.add_types.out[tokens, hidden 8]
embeddings.LayerNorm = norm(embeddings.add_types.out) {epsilon 1e-12} -> embeddings.LayerNorm.out[tokens, hidden 8] with bert.embeddings.LayerNorm
embeddings.dropout = dropout(embeddings.LayerNorm.out) {0.1} -> encoder.input[tokens, hidden 8]
body:
encoder.layer.0.attention.self.query = linear(encoder.input) -> encoder.layer.0.attention.self.query.out[tokens, heads 2, head_size 4] with bert.encoder.layer.0.attention.self.query
encoder.layer.0.attention.self.key = linear(encoder.input) -> encoder.layer.0.attention.self.key.out[tokens, heads 2, head_size 4] with bert.encoder.layer.0.attention.self.key
encoder.layer.0.attention.self.value = linear(encoder.input) -> encoder.layer.0.attention.self.value.out[tokens, heads 2, head_size 4] with bert.encoder.layer.0.attention.self.value
encoder.layer.0.attention.self.scores = matmul(encoder.layer.0.attention.self.query.out, encoder.layer.0.attention.self.key.out) {t h d, s h d -> h t s, factor 0.5} -> encoder.layer.0.attention.self.scores.out[heads 2, tokens, tokens]
encoder.layer.0.attention.self.mask = mask(encoder.layer.0.attention.self.scores.out) {padding} -> encoder.layer.0.attention.self.mask.out[heads 2, tokens, tokens]
encoder.layer.0.attention.self.softmax = softmax(encoder.layer.0.attention.self.mask.out) -> encoder.layer.0.attention.self.softmax.out[heads 2, tokens, tokens]
encoder.layer.0.attention.self.dropout = dropout(encoder.layer.0.attention.self.softmax.out) {0} -> encoder.layer.0.attention.self.dropout.out[heads 2, tokens, tokens]
encoder.layer.0.attention.self.context = matmul(encoder.layer.0.attention.self.dropout.out, encoder.layer.0.attention.self.value.out) {h t s, s h d -> t h d} -> encoder.layer.0.attention.self.context.out[tokens, heads 2, head_size 4]
encoder.layer.0.attention.output.dense = linear(encoder.layer.0.attention.self.context.out) -> encoder.layer.0.attention.output.dense.out[tokens, hidden 8] with bert.encoder.layer.0.attention.output.dense
encoder.layer.0.attention.output.dropout = dropout(encoder.layer.0.attention.output.dense.out) {0.1} -> encoder.layer.0.attention.output.dropout.out[tokens, hidden 8]
encoder.layer.0.attention.output.add = add(encoder.layer.0.attention.output.dropout.out, encoder.input) -> encoder.layer.0.attention.output.add.out[tokens, hidden 8]
encoder.layer.0.attention.output.LayerNorm = norm(encoder.layer.0.attention.output.add.out) {epsilon 1e-12} -> encoder.layer.0.attention.output.LayerNorm.out[tokens, hidden 8] with bert.encoder.layer.0.attention.output.LayerNorm
encoder.layer.0.intermediate.dense = linear(encoder.layer.0.attention.output.LayerNorm.out) -> encoder.layer.0.intermediate.dense.out[tokens, intermediate 12] with bert.encoder.layer.0.intermediate.dense
encoder.layer.0.intermediate.activation = activation(encoder.layer.0.intermediate.dense.out) {gelu} -> encoder.layer.0.intermediate.activation.out[tokens, intermediate 12]
encoder.layer.0.output.dense = linear(encoder.layer.0.intermediate.activation.out) -> encoder.layer.0.output.dense.out[tokens, hidden 8] with bert.encoder.layer.0.output.dense
encoder.layer.0.output.dropout = dropout(encoder.layer.0.output.dense.out) {0.1} -> encoder.layer.0.output.dropout.out[tokens, hidden 8]
encoder.layer.0.output.add = add(encoder.layer.0.output.dropout.out, encoder.layer.0.attention.output.LayerNorm.out) -> encoder.layer.0.output.add.out[tokens, hidden 8]
encoder.layer.0.output.LayerNorm = norm(encoder.layer.0.output.add.out) {epsilon 1e-12} -> encoder.layer.0.output.LayerNorm.out[tokens, hidden 8] with bert.encoder.layer.0.output.LayerNorm
head:
pooler.first = select(encoder.layer.0.output.LayerNorm.out) {position 0} -> pooler.first.out[hidden 8]
pooler.dense = linear(pooler.first.out) -> pooler.dense.out[hidden 8] with bert.pooler.dense
pooler.activation = activation(pooler.dense.out) {tanh} -> pooler.activation.out[hidden 8]
dropout = dropout(pooler.activation.out) {0.1} -> dropout.out[hidden 8]
classifier = linear(dropout.out) -> classifier.out[labels 3] with classifier
)";

TEST(Bert, OneBlockThenTheseOperators) {
  EXPECT_EQ(to_text(build_bert(tiny())), kTinyText);
}

TEST(Bert, ResultsAndTapsAreThoseOfTheBlocks) {
  ModelConfig config = tiny();
  config.num_hidden_layers = 3;
  const Graph graph = build_bert(config);
  const auto name = [&](ValueId v) { return graph.values.at(static_cast<std::size_t>(v)).name; };
  ASSERT_EQ(graph.attentions.size(), 3u);
  ASSERT_EQ(graph.hidden.size(), 3u);
  EXPECT_EQ(name(graph.attentions[2]), "encoder.layer.2.attention.self.softmax.out");
  EXPECT_EQ(name(graph.hidden[1]), "encoder.layer.1.output.LayerNorm.out");
  EXPECT_EQ(graph.sequence, graph.hidden[2]);
  EXPECT_EQ(name(graph.logits), "classifier.out");
  EXPECT_EQ(values_entering(graph, graph.body).size(), 1u);
}

TEST(Bert, WithoutLabelsThenWithoutAClassifier) {
  ModelConfig config = tiny();
  config.labels.clear();
  const Graph graph = build_bert(config);
  EXPECT_EQ(graph.logits, kNoValue);
  EXPECT_EQ(graph.operators.back().name, "pooler.activation");
}

TEST(Bert, DropoutSitesAreDistinct) {
  std::vector<std::array<std::uint64_t, 2>> sites;
  ModelConfig config = tiny();
  config.num_hidden_layers = 2;
  for (const Operator& o : build_bert(config).operators)
    if (const auto* d = std::get_if<op::Dropout>(&o.operation)) sites.push_back(d->site);
  const std::vector<std::array<std::uint64_t, 2>> expected{{1000, 0}, {0, 0}, {0, 1}, {0, 2},
                                                           {1, 0},    {1, 1}, {1, 2}, {2000, 0}};
  EXPECT_EQ(sites, expected);
}

}  // namespace
}  // namespace heat::offline
