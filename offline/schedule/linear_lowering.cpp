// Dense layers are one GEMM. Factorised ones: offline/path states the layer as an einsum of the cores, finds the
// contraction tree and which of its inputs are computed before the run, lower_path.h turns the tree into nodes.
#include "offline/schedule/linear_lowering.h"

#include <algorithm>
#include <set>

#include "offline/schedule/lower_path.h"
#include "offline/schedule/static_operand.h"

namespace heat::offline {
namespace {

std::vector<std::int64_t> sizes_of(const std::vector<spec::ViewDim>& dims) {
  std::vector<std::int64_t> sizes;
  for (const auto& d : dims) sizes.push_back(d.size);
  return sizes;
}

void lower_dense(NetworkBuilder& builder, const LinearForm& form, const ActivationLayout& input,
                 const ActivationLayout& output, Activation activation) {
  const std::int64_t tokens = builder.workload().tokens;
  const spec::TensorId weight =
      builder.tensor(form.name + ".weight", spec::TensorKind::kWeight, {form.out, form.in}, form.weight);
  spec::GemmNode g;
  g.indices.n = {"t"};
  g.weight.tensor = weight;
  g.input = {input.tensor, {{"t", tokens, input.token_stride}}};
  g.output.tensor = output.tensor;
  std::int64_t stride = form.out * form.in;
  for (const auto& d : output.features) {
    g.indices.m.push_back(d.index);
    stride /= d.size;
    g.weight.dims.push_back({d.index, d.size, stride});
    g.output.dims.push_back(d);
  }
  g.output.dims.push_back({"t", tokens, output.token_stride});
  stride = form.in;
  for (const auto& d : input.features) {
    g.indices.k.push_back(d.index);
    stride /= d.size;
    g.weight.dims.push_back({d.index, d.size, stride});
    g.input.dims.push_back(d);
  }
  RealNode real;
  real.bias = form.bias;
  real.activation = activation;
  builder.gemm(form.name, form.name, std::move(g), std::move(real));
}

// One digit of the output's flat feature index: its place in the output tensor and in the bias.
struct Digit {
  spec::Index index;
  std::int64_t size = 1, stride = 0, flat_stride = 0;
};

class FactorizedLowering {
 public:
  FactorizedLowering(NetworkBuilder& builder, const LinearForm& form, const ActivationLayout& input,
                     const ActivationLayout& output)
      : builder_(builder), form_(form), factors_(*form.factors), input_(input), output_(output) {}

  void run(Activation activation, const LoweringTarget& target) {
    const TensorNetwork network = factorized_linear_network(factors_.form, builder_.workload().tokens);
    OnlinePlan plan = target.choose(network);
    const std::vector<std::vector<spec::Index>> axes = plan.network.einsum.operands;  // before row modes are split
    split_row_modes(plan.network.einsum);
    const LoweredPath path = lower(plan, target.grain);
    if (form_.has_values()) fill(network, plan, axes, path);
    finish(path, activation);
  }

 private:
  // Replaces each row mode m<k> by the digits that it shares with the output's layout.
  void split_row_modes(spec::Einsum& einsum) {
    const auto& modes = factors_.form.shape.row_modes;
    const auto digits = *common_refinement(modes, sizes_of(output_.features));
    std::size_t next = 0;
    std::int64_t flat = form_.out;
    for (std::size_t k = 0; k < modes.size(); ++k) {
      const spec::Index mode = mode_axis(factors_.form.shape, k).index;
      std::vector<spec::Index> parts;
      for (std::int64_t left = modes[k]; left > 1; ++next) {
        left /= digits[next];
        flat /= digits[next];
        parts.push_back(left == 1 && parts.empty() ? mode : mode + "_" + std::to_string(parts.size()));
        digits_.push_back({parts.back(), digits[next], stride_at(flat), flat});
        einsum.sizes[parts.back()] = digits[next];
      }
      if (parts.empty()) digits_.push_back({mode, 1, 0, flat});
      if (parts.empty() || parts.front() == mode) continue;
      for (auto& operand : einsum.operands) replace(operand, mode, parts);
      replace(einsum.output, mode, parts);
      einsum.sizes.erase(mode);
    }
  }

  // Byte stride in the output of a step of `flat` features.
  std::int64_t stride_at(std::int64_t flat) const {
    std::int64_t below = 1;
    for (auto f = output_.features.rbegin(); f != output_.features.rend(); ++f) {
      if (flat < below * f->size) return f->stride * (flat / below);
      below *= f->size;
    }
    return 0;
  }

  static void replace(std::vector<spec::Index>& indices, const spec::Index& index, const std::vector<spec::Index>& by) {
    const auto at = std::find(indices.begin(), indices.end(), index);
    if (at == indices.end()) return;
    indices.insert(indices.erase(at), by.begin(), by.end());
  }

  LoweredPath lower(const OnlinePlan& plan, const spec::Extents& grain) {
    LowerRequest request;
    request.einsum = plan.network.einsum;
    request.path = plan.path;
    request.layer = form_.name;
    request.output_tensor = output_.tensor;
    request.grain = grain;
    request.features_are_channels = true;  // a bias for every feature
    for (std::size_t i = 0; i < plan.network.size(); ++i) {
      const bool fixed = plan.network.is_static[i];
      request.operands.push_back({form_.name + "." + plan.network.names[i],
                                  fixed ? spec::TensorKind::kWeight : spec::TensorKind::kIntermediate,
                                  fixed ? spec::TensorId() : input_.tensor});
    }
    LoweredPath path = lower_path(builder_.workload(), request);
    builder_.adopt(path.nodes);
    return path;
  }

  void fill(const TensorNetwork& network, const OnlinePlan& plan, const std::vector<std::vector<spec::Index>>& axes,
            const LoweredPath& path) {
    const std::vector<Core> cores = deployed_cores(factors_);
    for (std::size_t i = 0; i < plan.network.size(); ++i) {
      if (!plan.network.is_static[i]) continue;
      const std::vector<float> values = static_values(network, cores, plan.network.names[i], axes[i]);
      builder_.network().weights[path.operands[i].tensor] =
          permute_axes(values, plan.network.einsum.operands[i], path.operands[i].order, plan.network.einsum.sizes);
    }
  }

  void finish(const LoweredPath& path, Activation activation) {
    for (const mapper::ChainNode& n : path.nodes) {
      RealNode real;
      spec::Epilogue epilogue;
      if (n.node == path.nodes.back().node) {
        spec::GemmNode& g = *builder_.workload().nodes[n.node].gemm;
        place_output(g);
        epilogue.channels_include_batch = !g.indices.b.empty();
        for (const auto& index : g.indices.n)
          if (index != "t") epilogue.n_channels *= digit(index).size;
        real.activation = activation;
        if (!form_.bias.empty()) real.bias = bias_by_channel(g);
      }
      builder_.complete_gemm(n.node, epilogue, std::move(real));
    }
  }

  const Digit& digit(const spec::Index& index) const {
    const auto at = std::find_if(digits_.begin(), digits_.end(), [&](const Digit& d) { return d.index == index; });
    HEAT_CHECK(at != digits_.end(), form_.name + ": no digit " + index);
    return *at;
  }

  void place_output(spec::GemmNode& g) const {
    for (auto& d : g.output.dims) d.stride = d.index == "t" ? output_.token_stride : digit(d.index).stride;
  }

  // The bias in the order of the channels: b, m, then the n indices behind the token.
  std::vector<float> bias_by_channel(const spec::GemmNode& g) const {
    std::vector<std::int64_t> flat{0};
    for (const auto* group : {&g.indices.b, &g.indices.m, &g.indices.n})
      for (const auto& index : *group) {
        if (index == "t") continue;
        std::vector<std::int64_t> next;
        for (std::int64_t f : flat)
          for (std::int64_t v = 0; v < digit(index).size; ++v) next.push_back(f + v * digit(index).flat_stride);
        flat = std::move(next);
      }
    std::vector<float> bias;
    for (std::int64_t f : flat) bias.push_back(form_.bias[static_cast<std::size_t>(f)]);
    return bias;
  }

  NetworkBuilder& builder_;
  const LinearForm& form_;
  const Decomposition& factors_;
  const ActivationLayout& input_;
  const ActivationLayout& output_;
  std::vector<Digit> digits_;
};

}  // namespace

ActivationLayout plain_layout(const spec::Workload& workload, spec::TensorId tensor, const spec::Index& index) {
  const auto& shape = workload.tensors[tensor].shape;
  HEAT_CHECK(shape.size() == 2, "a plain activation is [tokens, features]");
  return {tensor, shape[1], {{index, shape[1], 1}}};
}

// Suffix products are the places where digits end; the union of both must still be a chain of divisors.
std::optional<std::vector<std::int64_t>> common_refinement(const std::vector<std::int64_t>& x,
                                                           const std::vector<std::int64_t>& y) {
  std::set<std::int64_t> ends;
  for (const auto* digits : {&x, &y}) {
    std::int64_t product = 1;
    for (auto d = digits->rbegin(); d != digits->rend(); ++d) ends.insert(product *= *d);
  }
  ends.erase(1);
  std::vector<std::int64_t> refined;
  std::int64_t last = 1;
  for (std::int64_t end : ends) {
    if (end % last != 0) return std::nullopt;
    refined.push_back(end / last);
    last = end;
  }
  if (refined.empty()) refined.push_back(1);
  std::reverse(refined.begin(), refined.end());
  return refined;
}

bool can_write(const LinearForm& form, const std::vector<std::int64_t>& features) {
  return !form.factors || common_refinement(form.factors->form.shape.row_modes, features).has_value();
}

OnlinePlan least_macs_plan(const TensorNetwork& network) {
  return online_plan(network, optimal_path(network));
}

void lower_linear(NetworkBuilder& builder, const LinearForm& form, const ActivationLayout& input,
                  const ActivationLayout& output, Activation activation, const LoweringTarget& target) {
  HEAT_CHECK(can_write(form, sizes_of(output.features)), form.name + ": factors do not split at the output's digits");
  builder.workload().layers.push_back(
      {form.name, form.factors ? form.factors->form : spec::dense_form(form.out, form.in)});
  if (!form.factors)
    lower_dense(builder, form, input, output, activation);
  else
    FactorizedLowering(builder, form, input, output).run(activation, target);
}

}  // namespace heat::offline
