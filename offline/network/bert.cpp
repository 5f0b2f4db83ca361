// Operators in the order in which initial weights are drawn and checkpoints list them. Dropout sites are part of what a
// training run's bits depend on: a block's are (block, 0 to 2), the embedding's and the head's lie above all blocks.
#include "offline/network/bert.h"

#include <cmath>

#include "offline/network/graph_builder.h"

namespace heat::offline {
namespace {

constexpr std::uint64_t kEmbeddingSite = 1000, kHeadSite = 2000;

class BertBuilder {
 public:
  explicit BertBuilder(const ModelConfig& config) : c_(config), graph_("bert.") {}

  Graph build() {
    ValueId x = embeddings();
    graph_.begin_body(x, "encoder.input");
    for (std::int64_t i = 0; i < c_.num_hidden_layers; ++i) x = block(i, x);
    graph_.end_body();
    graph_.graph().sequence = x;
    head(x);
    return graph_.finish();
  }

 private:
  ValueId hidden_dropout(const std::string& name, ValueId x, std::uint64_t a, std::uint64_t b = 0) {
    return graph_.dropout(name, x, {c_.hidden_dropout_prob, false, {a, b}});
  }

  ValueId embeddings() {
    const std::string p = "embeddings.";
    ValueId x = graph_.embedding(p + "word_embeddings", op::RowOf::kToken, c_.vocab_size, hidden_);
    const ValueId positions =
        graph_.embedding(p + "position_embeddings", op::RowOf::kPosition, c_.max_position_embeddings, hidden_);
    const ValueId types =
        graph_.embedding(p + "token_type_embeddings", op::RowOf::kFirstSegment, c_.type_vocab_size, hidden_);
    x = graph_.add(p + "add_types", graph_.add(p + "add_positions", x, positions), types);
    x = graph_.norm(p + "LayerNorm", x, c_.layer_norm_eps);
    return hidden_dropout(p + "dropout", x, kEmbeddingSite);
  }

  ValueId attention(const std::string& p, std::uint64_t block, ValueId x) {
    const std::vector<Axis> heads{{"heads", c_.num_attention_heads}, {"head_size", c_.head_size()}};
    const ValueId query = graph_.linear(p + "query", x, heads), key = graph_.linear(p + "key", x, heads),
                  value = graph_.linear(p + "value", x, heads);
    const ValueId scores = graph_.matmul(p + "scores", {query, {"t", "h", "d"}}, {key, {"s", "h", "d"}},
                                         {"h", "t", "s"}, 1.0 / std::sqrt(static_cast<double>(c_.head_size())));
    const ValueId masked = graph_.mask(p + "mask", scores, op::MaskKind::kPadding);
    const ValueId weights = graph_.softmax(p + "softmax", masked);
    graph_.graph().attentions.push_back(weights);
    const ValueId kept = graph_.dropout(p + "dropout", weights, {c_.attention_probs_dropout_prob, true, {block, 0}});
    return graph_.matmul(p + "context", {kept, {"h", "t", "s"}}, {value, {"s", "h", "d"}}, {"t", "h", "d"});
  }

  ValueId block(std::int64_t layer, ValueId x) {
    const std::string p = "encoder.layer." + std::to_string(layer) + ".";
    const auto index = static_cast<std::uint64_t>(layer);
    ValueId y = graph_.linear(p + "attention.output.dense", attention(p + "attention.self.", index, x), {hidden_});
    y = graph_.add(p + "attention.output.add", hidden_dropout(p + "attention.output.dropout", y, index, 1), x);
    y = graph_.norm(p + "attention.output.LayerNorm", y, c_.layer_norm_eps);
    ValueId z = graph_.linear(p + "intermediate.dense", y, {{"intermediate", c_.intermediate_size}});
    z = graph_.activation(p + "intermediate.activation", z, activation_from_name(c_.hidden_act));
    z = graph_.linear(p + "output.dense", z, {hidden_});
    z = graph_.add(p + "output.add", hidden_dropout(p + "output.dropout", z, index, 2), y);
    z = graph_.norm(p + "output.LayerNorm", z, c_.layer_norm_eps);
    graph_.graph().hidden.push_back(z);
    return z;
  }

  void head(ValueId x) {
    x = graph_.linear("pooler.dense", graph_.select("pooler.first", x, 0), {hidden_});
    x = graph_.activation("pooler.activation", x, Activation::kTanh);
    graph_.graph().pooled = x;
    if (c_.labels.empty()) return;
    x = hidden_dropout("dropout", x, kHeadSite);
    graph_.graph().logits =
        graph_.head_linear("classifier", x, {{"labels", static_cast<std::int64_t>(c_.labels.size())}});
  }

  const ModelConfig& c_;
  const Axis hidden_{"hidden", c_.hidden_size};
  GraphBuilder graph_;
};

}  // namespace

Graph build_bert(const ModelConfig& config) {
  return BertBuilder(config).build();
}

}  // namespace heat::offline
