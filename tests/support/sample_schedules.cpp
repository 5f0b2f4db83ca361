// Each sample states its tensors by index labels and its nodes by operands; see schedule_builder.h.
#include "tests/support/sample_schedules.h"

#include <cstdlib>
#include <stdexcept>

#include "base/atomic_file.h"

namespace heat::test_support {
namespace {

using spec::Index;
using spec::TensorKind;

ScheduleBuilder start(const spec::ArchSpec& arch, const SampleOptions& options) {
  ScheduleBuilder builder(arch, options.seed);
  if (options.random_mappings) builder.random_mappings(options.k_over_pes);
  return builder;
}

// A chain of nodes over tokens: opens one group for all, or one a node with intermediates in DRAM.
class Chain {
 public:
  Chain(ScheduleBuilder& builder, const LayerOptions& options) : b_(builder), options_(options) {
    if (options.resident_intermediates) b_.group("layer", "t", options.step);
  }
  // labels: the natural layout; permuted: the same axes in another order, "t" first in both.
  Operand intermediate(const std::string& name, const std::vector<Index>& labels, const std::vector<Index>& permuted) {
    const auto& layout = options_.permuted_layouts ? permuted : labels;
    const Home home = options_.resident_intermediates ? Home::kGlobalBuffer : Home::kDram;
    return {b_.tensor(name, TensorKind::kIntermediate, layout, home), layout};
  }
  Operand weight(const std::string& name, const std::vector<Index>& labels) {
    return {b_.tensor(name, TensorKind::kWeight, labels), labels};
  }
  void node(const std::string& name, const Operand& weight, const Operand& input, const Operand& output,
            const GemmOptions& options = {}) {
    if (!options_.resident_intermediates) b_.group(name, "t", options_.step);
    b_.gemm(name, weight, input, output, options);
  }

 private:
  ScheduleBuilder& b_;
  LayerOptions options_;
};

// Tensors x [t, i] and y [t, o] of the layer.
struct Ends {
  spec::TensorId x, y;
};

void svd_layer(Chain& chain, Ends ends) {
  const Operand z = chain.intermediate("z", {"t", "r"}, {"t", "r"});
  chain.node("layer/1", chain.weight("v", {"r", "i"}), {ends.x, {"t", "i"}}, z);
  chain.node("layer/2", chain.weight("u", {"o", "r"}), z, {ends.y, {"t", "o"}});
}

// W[o, i1 i2] = sum_r A[o, r] B[i1, r] C[i2, r]
void cp_layer(Chain& chain, Ends ends) {
  const Operand z1 = chain.intermediate("z1", {"t", "i1", "r"}, {"t", "r", "i1"});
  const Operand z2 = chain.intermediate("z2", {"t", "r"}, {"t", "r"});
  chain.node("layer/1", chain.weight("c", {"i2", "r"}), {ends.x, {"t", "i1", "i2"}}, z1);
  GemmOptions per_rank;
  per_rank.channels_include_batch = true;  // batched over r: one record a rank
  chain.node("layer/2", chain.weight("b", {"i1", "r"}), z1, z2, per_rank);
  chain.node("layer/3", chain.weight("a", {"o", "r"}), z2, {ends.y, {"t", "o"}});
}

// W[o, i1 i2] = sum G[r0, r1, r2] A[o, r0] B[i1, r1] C[i2, r2]
void tucker_layer(Chain& chain, Ends ends) {
  const Operand z1 = chain.intermediate("z1", {"t", "i1", "r2"}, {"t", "r2", "i1"});
  const Operand z2 = chain.intermediate("z2", {"t", "r1", "r2"}, {"t", "r2", "r1"});
  const Operand z3 = chain.intermediate("z3", {"t", "r0"}, {"t", "r0"});
  chain.node("layer/1", chain.weight("c", {"i2", "r2"}), {ends.x, {"t", "i1", "i2"}}, z1);
  chain.node("layer/2", chain.weight("b", {"i1", "r1"}), z1, z2);
  chain.node("layer/3", chain.weight("g", {"r0", "r1", "r2"}), z2, z3);
  chain.node("layer/4", chain.weight("a", {"o", "r0"}), z3, {ends.y, {"t", "o"}});
}

// W[o1 o2, i1 i2] = sum_r G1[o1, i1, r] G2[r, o2, i2]; the last node has output features in n.
void ttm_layer(Chain& chain, Ends ends, std::int64_t o2) {
  const Operand z = chain.intermediate("z", {"t", "i1", "o2", "r"}, {"t", "o2", "r", "i1"});
  chain.node("layer/1", chain.weight("g2", {"r", "o2", "i2"}), {ends.x, {"t", "i1", "i2"}}, z);
  GemmOptions features_in_n;
  features_in_n.n_channels = o2;
  chain.node("layer/2", chain.weight("g1", {"o1", "i1", "r"}), z, {ends.y, {"t", "o1", "o2"}}, features_in_n);
}

}  // namespace

BuiltSchedule one_gemm(const spec::ArchSpec& arch, std::int64_t B, std::int64_t M, std::int64_t N, std::int64_t K,
                       const OneGemmOptions& options) {
  ScheduleBuilder b = start(arch, options);
  b.sizes({{"b", B}, {"m", M}, {"n", N}, {"k", K}});
  std::vector<Index> weight{"m", "k"}, input{"n", "k"}, output{"n", "m"};
  if (options.bound == GemmBound::kM) output = {"m", "n"};  // the loop's index outermost
  if (B > 1) {
    for (auto* labels : {&weight, &input, &output}) labels->insert(labels->begin(), "b");
  }
  const spec::TensorId w = b.tensor("w", TensorKind::kWeight, weight);
  const spec::TensorId x = b.tensor("x", TensorKind::kInput, input);
  const spec::TensorId y = b.tensor("y", TensorKind::kOutput, output);
  const char* index = options.bound == GemmBound::kB ? "b" : options.bound == GemmBound::kM ? "m" : "n";
  b.group("gemm", index, options.step,
          options.pin_weight ? std::vector<spec::TensorId>{w} : std::vector<spec::TensorId>{});
  GemmOptions gemm;
  gemm.gelu = options.gelu;
  gemm.mapping = options.mapping;
  b.gemm("gemm", {w, weight}, {x, input}, {y, output}, gemm);
  return b.build();
}

BuiltSchedule divided_sum(const spec::ArchSpec& arch, std::int64_t parts, std::int64_t M, std::int64_t N,
                          std::int64_t K, const DividedSumOptions& options) {
  ScheduleBuilder b = start(arch, options);
  b.sizes({{"p", parts}, {"m", M}, {"n", N}, {"k", K}, {"i", 5}, {spec::kSumByte, spec::kSumBytes}});
  const std::vector<Index> in{"p", "n", "k"}, sums{"p", "n", "m", spec::kSumByte};
  const spec::TensorId w = b.tensor("w", TensorKind::kWeight, {"p", "m", "k"});
  const spec::TensorId x = b.tensor("x", options.fused ? TensorKind::kIntermediate : TensorKind::kInput, in,
                                    options.fused ? Home::kGlobalBuffer : Home::kDram);
  const spec::TensorId s = b.tensor("s", TensorKind::kIntermediate, sums);
  const spec::TensorId y = b.tensor("y", TensorKind::kOutput, {"n", "m"});
  b.group("sums", "p", options.step);
  if (options.fused) {
    const spec::TensorId v = b.tensor("v", TensorKind::kWeight, {"p", "k", "i"});
    const spec::TensorId z = b.tensor("z", TensorKind::kInput, {"n", "i"});
    b.gemm("features", {v, {"p", "k", "i"}}, {z, {"n", "i"}}, {x, in});
  }
  GemmOptions gemm;
  gemm.sums = true;
  gemm.mapping = options.mapping;
  b.gemm("sums", {w, {"p", "m", "k"}}, {x, in}, {s, sums}, gemm);
  b.group("reduce", "n");
  b.reduce("reduce", {s, sums}, {y, {"n", "m"}}, {"p"});
  return b.build();
}

const std::vector<LayerMethod>& all_layer_methods() {
  static const std::vector<LayerMethod> methods{LayerMethod::kDense, LayerMethod::kSvd, LayerMethod::kCp,
                                                LayerMethod::kTucker, LayerMethod::kTtm};
  return methods;
}

const char* layer_method_name(LayerMethod method) {
  switch (method) {
    case LayerMethod::kDense:
      return "dense";
    case LayerMethod::kSvd:
      return "svd";
    case LayerMethod::kCp:
      return "cp";
    case LayerMethod::kTucker:
      return "tucker";
    case LayerMethod::kTtm:
      return "ttm";
  }
  throw std::logic_error("unknown layer method");
}

BuiltSchedule factorised_layer(const spec::ArchSpec& arch, LayerMethod method, const LayerOptions& options) {
  ScheduleBuilder b = start(arch, options);
  b.sizes({{"t", options.tokens}, {"i", 24}, {"o", 20}, {"r", 7}, {"i1", 4}, {"i2", 6}, {"o1", 5}, {"o2", 4}});
  b.sizes({{"r0", 8}, {"r1", 3}, {"r2", 5}});
  const Ends ends{b.tensor("x", TensorKind::kInput, {"t", "i"}), b.tensor("y", TensorKind::kOutput, {"t", "o"})};
  Chain chain(b, options);
  switch (method) {
    case LayerMethod::kDense:
      chain.node("layer", chain.weight("w", {"o", "i"}), {ends.x, {"t", "i"}}, {ends.y, {"t", "o"}});
      break;
    case LayerMethod::kSvd:
      svd_layer(chain, ends);
      break;
    case LayerMethod::kCp:
      cp_layer(chain, ends);
      break;
    case LayerMethod::kTucker:
      tucker_layer(chain, ends);
      break;
    case LayerMethod::kTtm:
      ttm_layer(chain, ends, 4);
      break;
  }
  return b.build();
}

namespace {

// A dense projection of x [t, c] in a group of its own.
Operand project(ScheduleBuilder& b, const std::string& name, const Operand& x, const std::vector<Index>& weight,
                const std::vector<Index>& output, std::int64_t step) {
  const spec::TensorId w = b.tensor(name + ".weight", TensorKind::kWeight, weight);
  const spec::TensorId y = b.tensor(name, TensorKind::kIntermediate, output);
  b.group(name, "t", step);
  b.gemm(name, {w, weight}, x, {y, output});
  return {y, output};
}

// context [t, h, d] of x [t, c]; index u stands for the key's tokens.
Operand attention(ScheduleBuilder& b, const Operand& x, TensorKind result, const AttentionOptions& options) {
  // A pinned share is one block: the loop's index is outermost.
  const bool blocks = options.pin_shares && options.loop_over_heads;
  const std::vector<Index> rows = blocks ? std::vector<Index>{"h", "t", "d"} : std::vector<Index>{"t", "h", "d"},
                           keys = blocks ? std::vector<Index>{"h", "u", "d"} : std::vector<Index>{"u", "h", "d"};
  const Operand q = project(b, "query", x, {"h", "d", "c"}, rows, 0);
  const Operand k = project(b, "key", x, {"h", "d", "c"}, rows, 0);
  const Operand v = project(b, "value", x, {"h", "d", "c"}, rows, 0);
  const std::vector<Index> layout =
      options.loop_over_heads ? std::vector<Index>{"h", "t", "u"} : std::vector<Index>{"t", "h", "u"};
  const Operand s{b.tensor("scores", TensorKind::kIntermediate, layout, Home::kGlobalBuffer), layout};
  const Operand p{b.tensor("probabilities", TensorKind::kIntermediate, layout, Home::kGlobalBuffer), layout};
  const Operand context{b.tensor("context", result, {"t", "h", "d"}), {"t", "h", "d"}};
  const spec::TensorId mask = options.padding_mask ? b.tensor("mask", TensorKind::kInput, {"u"}) : spec::TensorId();
  std::vector<spec::TensorId> pinned;
  if (options.pin_shares) pinned = {q.tensor};
  if (options.pin_shares && options.loop_over_heads) pinned.insert(pinned.end(), {k.tensor, v.tensor});
  b.group("attention", options.loop_over_heads ? "h" : "t", options.step, pinned);
  if (options.ahead) b.ahead(1);
  b.gemm("scores", {k.tensor, keys}, q, s);
  b.softmax("softmax", s, p, {"u"}, mask);
  b.gemm("context", {v.tensor, keys}, p, context);
  return context;
}

}  // namespace

BuiltSchedule attention_block(const spec::ArchSpec& arch, const AttentionOptions& options) {
  ScheduleBuilder b = start(arch, options);
  b.sizes({{"t", options.tokens}, {"u", options.tokens}, {"h", options.heads}, {"d", options.head_size}});
  b.sizes({{"c", options.heads * options.head_size}});
  const Operand x{b.tensor("x", TensorKind::kInput, {"t", "c"}), {"t", "c"}};
  attention(b, x, TensorKind::kOutput, options);
  return b.build();
}

BuiltSchedule encoder_layer(const spec::ArchSpec& arch, const EncoderOptions& options) {
  ScheduleBuilder b = start(arch, options);
  b.sizes({{"t", options.tokens}, {"u", options.tokens}, {"h", options.heads}, {"d", options.head_size}});
  const std::int64_t hidden = options.heads * options.head_size;
  b.sizes({{"c", hidden}, {"e", hidden}, {"f", options.intermediate}});
  const Operand x{b.tensor("x", TensorKind::kInput, {"t", "c"}), {"t", "c"}};
  AttentionOptions attended_options;
  attended_options.step = options.step;
  attended_options.padding_mask = options.padding_mask;
  const Operand context = attention(b, x, TensorKind::kIntermediate, attended_options);
  const auto resident = [&](const std::string& name, const std::vector<Index>& labels) {
    return Operand{b.tensor(name, TensorKind::kIntermediate, labels, Home::kGlobalBuffer), labels};
  };
  const auto weight = [&](const std::string& name, const std::vector<Index>& labels) {
    return Operand{b.tensor(name, TensorKind::kWeight, labels), labels};
  };
  const Operand attended = resident("attended", {"t", "e"});
  const Operand normed{b.tensor("normed", TensorKind::kIntermediate, {"t", "c"}), {"t", "c"}};
  const Operand w_output = weight("attention.output.weight", {"e", "c"});
  b.group("attention output", "t", options.step, {w_output.tensor});
  b.gemm("attention.output", w_output, {context.tensor, {"t", "c"}}, attended);
  b.layer_norm("attention.norm", {attended.tensor, {"t", "c"}}, x, normed, {"c"});
  const Operand inner = resident("inner", {"t", "f"});
  const Operand outer = resident("outer", {"t", "c"});
  const Operand y{b.tensor("y", TensorKind::kOutput, {"t", "c"}), {"t", "c"}};
  b.group("feed-forward", "t", options.step, {normed.tensor});
  GemmOptions gelu;
  gelu.gelu = true;
  b.gemm("intermediate", weight("intermediate.weight", {"f", "c"}), normed, inner, gelu);
  b.gemm("output", weight("output.weight", {"c", "f"}), inner, outer);
  b.layer_norm("output.norm", outer, normed, y, {"c"});
  return b.build();
}

BuiltSchedule layer_norm_block(const spec::ArchSpec& arch, bool residual, const SampleOptions& options) {
  ScheduleBuilder b = start(arch, options);
  b.sizes({{"t", 11}, {"c", 37}});
  const Operand x{b.tensor("x", TensorKind::kInput, {"t", "c"}), {"t", "c"}};
  const Operand r{b.tensor("r", TensorKind::kInput, {"t", "c"}), {"t", "c"}};
  const Operand y{b.tensor("y", TensorKind::kOutput, {"t", "c"}), {"t", "c"}};
  b.group("norm", "t", options.step);
  b.layer_norm("norm", x, residual ? std::optional<Operand>(r) : std::nullopt, y, {"c"});
  return b.build();
}

}  // namespace heat::test_support
