// Layouts: what a GEMM sums over lies innermost, what a group's loop runs over outermost.
//   query, key   [head, token, feature]
//   value        [head, feature, token] (transposed)
//   context      [token, head, feature] = [token, hidden]
#include "offline/schedule/encoder.h"

#include <cmath>

namespace heat::offline {
namespace {

using spec::TensorKind;
using Indices = std::vector<spec::Index>;
using Sizes = std::vector<std::int64_t>;

class EncoderLowering {
 public:
  EncoderLowering(const EncoderShape& shape, const std::string& method, const EncoderForms& forms, AttentionLoop loop)
      : shape_(shape), forms_(forms), loop_(loop), builder_(shape.name, method, shape.tokens) {}

  LoweredEncoder run() {
    const int input = builder_.tensor("encoder.input", TensorKind::kInput, {shape_.tokens, shape_.hidden});
    int x = input;
    for (std::int64_t layer = 0; layer < shape_.layers; ++layer) x = block(block_prefix(layer), x);
    end_segment();
    return {builder_.finish(input, x), std::move(segments_)};
  }

 private:
  // Query, key or value: [head, token, feature], transposed or with the tokens outermost; or [token, hidden] where the
  // factors' digits do not split at the heads.
  ActivationLayout projection(const std::string& name, int x, bool transposed, bool heads_outermost) {
    const std::int64_t h = shape_.heads, t = shape_.tokens, d = shape_.head_size();
    const LinearForm form = forms_.linear(name, shape_.hidden, shape_.hidden);
    ActivationLayout out;
    if (!can_write(form, {h, d})) {
      out = {builder_.tensor(name + ".out", TensorKind::kIntermediate, {t, h, d}), h * d, {{"h", h, d}, {"d", d, 1}}};
      lower_linear(builder_, form, t, plain(x, "i"), plain_features(out), Activation::kNone, forms_.choose);
      return out;
    }
    if (transposed)
      out = {builder_.tensor(name + ".out", TensorKind::kIntermediate, {h, d, t}), 1, {{"h", h, d * t}, {"d", d, t}}};
    else if (heads_outermost)
      out = {builder_.tensor(name + ".out", TensorKind::kIntermediate, {h, t, d}), d, {{"h", h, t * d}, {"d", d, 1}}};
    else
      out = {builder_.tensor(name + ".out", TensorKind::kIntermediate, {t, h, d}), h * d, {{"h", h, d}, {"d", d, 1}}};
    lower_linear(builder_, form, t, plain(x, "i"), out, Activation::kNone, forms_.choose);
    return out;
  }

  ActivationLayout plain(int tensor, const spec::Index& index) const {
    return plain_layout(const_cast<NetworkBuilder&>(builder_).network().schedule, tensor, index);
  }

  ActivationLayout plain_features(const ActivationLayout& layout) const {
    return {layout.tensor, layout.token_stride, {{"o", shape_.hidden, 1}}};
  }

  int linear(const std::string& name, int x, std::int64_t in, std::int64_t out, Activation activation) {
    const int y = builder_.tensor(name + ".out", TensorKind::kIntermediate, {shape_.tokens, out});
    lower_linear(builder_, forms_.linear(name, in, out), shape_.tokens, plain(x, "i"), plain(y, "o"), activation,
                 forms_.choose);
    return y;
  }

  int norm(const std::string& name, int x, int residual) {
    const int y = builder_.tensor(name + ".out", TensorKind::kIntermediate, {shape_.tokens, shape_.hidden});
    const NormForm form = forms_.norm(name);
    RealNode real;
    real.gamma = form.gamma;
    real.beta = form.beta;
    builder_.layer_norm(name, x, residual, y, std::move(real));
    return y;
  }

  spec::TensorView view(const ActivationLayout& layout, const std::vector<std::pair<spec::Index, char>>& dims) const {
    spec::TensorView v;
    v.tensor = layout.tensor;
    for (const auto& [index, role] : dims) {
      if (role == 't') v.dims.push_back({index, shape_.tokens, layout.token_stride});
      if (role == 'h') v.dims.push_back({index, shape_.heads, layout.features[0].stride});
      if (role == 'd') v.dims.push_back({index, shape_.head_size(), layout.features[1].stride});
    }
    return v;
  }

  // Scores, softmax and context of all heads; t runs over queries, s over keys. The loop's index is outermost.
  int attention(const std::string& prefix, const ActivationLayout& q, const ActivationLayout& k,
                const ActivationLayout& v) {
    const std::int64_t h = shape_.heads, t = shape_.tokens, d = shape_.head_size();
    const spec::Schedule& schedule = builder_.network().schedule;
    const bool heads = loop_ == AttentionLoop::kHeads;
    const spec::LoopDim bound = heads ? spec::LoopDim::kB : spec::LoopDim::kN;
    const std::vector<spec::Index> axes = heads ? Indices{"h", "t", "s"} : Indices{"t", "h", "s"};
    const std::vector<spec::Index> rows(axes.begin(), axes.begin() + 2);
    const std::vector<std::int64_t> sizes = heads ? Sizes{h, t, t} : Sizes{t, h, t};
    const int scores = builder_.tensor(prefix + "scores.out", TensorKind::kIntermediate, sizes);
    const int weights = builder_.tensor(prefix + "softmax.out", TensorKind::kIntermediate, sizes);
    const int context = builder_.tensor(prefix + "context.out", TensorKind::kIntermediate, {t, h, d});
    spec::GemmNode g;
    g.indices = {{"h"}, {"s"}, {"t"}, {"d"}};
    g.weight = view(k, {{"h", 'h'}, {"s", 't'}, {"d", 'd'}});
    g.input = view(q, {{"h", 'h'}, {"t", 't'}, {"d", 'd'}});
    g.output = view_of(schedule, scores, axes, {"h", "s", "t"});
    RealNode real;
    real.factor = 1 / std::sqrt(static_cast<double>(d));
    builder_.gemm(prefix + "scores", prefix + "scores", g, real, bound);
    builder_.softmax(prefix + "softmax", view_of(schedule, scores, axes, axes), view_of(schedule, weights, axes, axes),
                     rows, {"s"});
    g = {};
    g.indices = {{"h"}, {"d"}, {"t"}, {"s"}};
    g.weight = view(v, {{"h", 'h'}, {"d", 'd'}, {"s", 't'}});
    g.input = view_of(schedule, weights, axes, {"h", "t", "s"});
    g.output = view_of(schedule, context, {"t", "h", "d"}, {"h", "d", "t"});
    builder_.gemm(prefix + "context", prefix + "context", g, {}, bound);
    return context;
  }

  int block(const std::string& prefix, int x) {
    const std::string self = prefix + "attention.self.";
    const ActivationLayout q = projection(self + "query", x, false, loop_ == AttentionLoop::kHeads),
                           k = projection(self + "key", x, false, true), v = projection(self + "value", x, true, true);
    end_segment();
    int context = attention(self, q, k, v);
    end_segment();
    const std::int64_t hidden = shape_.hidden;
    const int dense = linear(prefix + "attention.output.dense", flat(context), hidden, hidden, Activation::kNone);
    const int attended = norm(prefix + "attention.output.LayerNorm", dense, x);
    const int wide = linear(prefix + "intermediate.dense", attended, hidden, shape_.intermediate, shape_.activation);
    const int narrow = linear(prefix + "output.dense", wide, shape_.intermediate, hidden, Activation::kNone);
    return norm(prefix + "output.LayerNorm", narrow, attended);
  }

  // [token, head, feature] is [token, hidden]; consumers see the flat feature.
  int flat(int context) {
    builder_.at(context).shape = {shape_.tokens, shape_.hidden};
    return context;
  }

  void end_segment() {
    const int nodes = static_cast<int>(builder_.network().schedule.nodes.size());
    if (nodes > begin_) segments_.push_back({begin_, nodes - begin_});
    begin_ = nodes;
  }

  const EncoderShape& shape_;
  const EncoderForms& forms_;
  const AttentionLoop loop_;
  NetworkBuilder builder_;
  std::vector<Segment> segments_;
  int begin_ = 0;
};

}  // namespace

std::string block_prefix(std::int64_t layer) {
  return "encoder.layer." + std::to_string(layer) + ".";
}

std::vector<LinearName> block_linears(const EncoderShape& s) {
  return {{"attention.self.query", s.hidden, s.hidden},     {"attention.self.key", s.hidden, s.hidden},
          {"attention.self.value", s.hidden, s.hidden},     {"attention.output.dense", s.hidden, s.hidden},
          {"intermediate.dense", s.hidden, s.intermediate}, {"output.dense", s.intermediate, s.hidden}};
}

LoweredEncoder lower_encoder(const EncoderShape& shape, const std::string& method, const EncoderForms& forms,
                             AttentionLoop loop) {
  return EncoderLowering(shape, method, forms, loop).run();
}

LoweredEncoder lower_single_linear(const std::string& network, const std::string& method, std::int64_t tokens,
                                   const LinearForm& form, Activation activation, const PathChooser& choose) {
  NetworkBuilder builder(network, method, tokens);
  const int x = builder.tensor(form.name + ".input", TensorKind::kInput, {tokens, form.in});
  const int y = builder.tensor(form.name + ".out", TensorKind::kOutput, {tokens, form.out});
  const spec::Schedule& schedule = builder.network().schedule;
  lower_linear(builder, form, tokens, plain_layout(schedule, x, "i"), plain_layout(schedule, y, "o"), activation,
               choose);
  const int nodes = static_cast<int>(schedule.nodes.size());
  return {builder.finish(x, y), {{0, nodes}}};
}

}  // namespace heat::offline
