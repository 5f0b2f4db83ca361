// Symmetric int8 quantisation after Jacob et al., "Quantization and Training of Neural Networks for Efficient
// Integer-Arithmetic-Only Inference" (2018), section 2.2, without zero points.
#include "offline/schedule/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <map>

#include "offline/schedule/evaluate.h"

namespace heat::offline {
namespace {

constexpr double kLimit = 127;

template <class T>
T saturated(double v) {
  return static_cast<T>(std::llround(std::clamp(v, static_cast<double>(std::numeric_limits<T>::lowest()),
                                                static_cast<double>(std::numeric_limits<T>::max()))));
}

template <class Record>
std::vector<std::int8_t> bytes_of(const std::vector<Record>& records) {
  std::vector<std::int8_t> bytes(records.size() * sizeof(Record));
  std::memcpy(bytes.data(), records.data(), bytes.size());
  return bytes;
}

std::string outside(double ratio) {
  char text[96];
  std::snprintf(text, sizeof text, "requantisation ratio %g is outside (2^-37, 2^6)", ratio);
  return text;
}

}  // namespace

double symmetric_scale(double largest) {
  return largest > 0 ? largest / kLimit : 1;
}

std::int8_t quantize_value(double x, double scale) {
  return static_cast<std::int8_t>(std::llround(std::clamp(x / scale, -kLimit, kLimit)));
}

spec::RequantRecord requant_record(double ratio, double bias) {
  constexpr int kOne = 1 << spec::kRequantMantissaBits;
  if (!(ratio > 0 && ratio < 64)) throw base::Error(outside(ratio));
  int exponent = 0;  // ratio = fraction * 2^exponent, fraction in [0.5, 1)
  const double fraction = std::frexp(ratio, &exponent);
  int shift = spec::kRequantMantissaBits + 1 - exponent;
  auto multiplier = static_cast<int>(std::lround(fraction * 2 * kOne));
  if (multiplier == 2 * kOne) multiplier = kOne, --shift;
  if (shift < spec::kLeastRequantShift || shift > spec::kMostRequantShift) throw base::Error(outside(ratio));
  const double scaled = std::round(std::ldexp(bias, spec::kRequantBiasBits));
  if (!(std::fabs(scaled) <= std::numeric_limits<std::int16_t>::max()))
    throw base::Error("requantisation bias of " + std::to_string(bias) + " output steps is outside +-1024");
  return {static_cast<std::int16_t>(scaled),
          static_cast<std::uint16_t>(shift << spec::kRequantMantissaBits | (multiplier - kOne))};
}

std::vector<std::int8_t> activation_table(Activation activation, double scale_in, double scale_out) {
  std::vector<std::int8_t> table(spec::kActivationTableBytes);
  for (int q = -128; q < 128; ++q)
    table[static_cast<std::size_t>(q + 128)] = quantize_value(activate(activation, q * scale_in), scale_out);
  return table;
}

std::vector<std::int8_t> exp_table(double scale) {
  std::vector<std::uint16_t> table(spec::kExpTableBytes / 2);
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = static_cast<std::uint16_t>(std::lround(65535 * std::exp(-static_cast<double>(i) * scale)));
  return bytes_of(table);
}

// x * mx + r * mr stands for the real sum in units of max(sx, sr) / 2^14: the sum stays below 2^22, its square times
// the columns below 2^63. t is the normalised value times 65536 (at most 65536 * sqrt(columns)).
LayerNormIntegers layer_norm_integers(double scale_x, double scale_residual, double scale_out,
                                      const std::vector<float>& gamma, const std::vector<float>& beta) {
  LayerNormIntegers result;
  const double unit = std::max(scale_x, scale_residual) / 16384;
  result.multiplier_x = static_cast<std::int32_t>(std::llround(scale_x / unit));
  result.multiplier_r = static_cast<std::int32_t>(std::llround(scale_residual / unit));
  double largest = 1e-30;
  for (float g : gamma) largest = std::max(largest, std::fabs(static_cast<double>(g)) / (65536 * scale_out));
  result.shift = std::clamp(29 - std::ilogb(largest), 1, 47);
  const double up = std::ldexp(1.0, result.shift);
  for (std::size_t c = 0; c < gamma.size(); ++c) {
    const auto b = static_cast<std::uint64_t>(std::llround(beta[c] / scale_out * up));
    result.records.push_back({saturated<std::int32_t>(gamma[c] / (65536 * scale_out) * up),
                              static_cast<std::int32_t>(static_cast<std::uint32_t>(b)),
                              static_cast<std::int32_t>(static_cast<std::uint32_t>(b >> 32)), 0});
  }
  return result;
}

void Ranges::include(const Ranges& other) {
  const auto join = [](auto& into, const auto& from) {
    for (const auto& [name, largest] : from) into[name] = std::max(into[name], largest);
  };
  join(tensor, other.tensor);
  join(before_activation, other.before_activation);
}

Ranges calibrate_ranges(const Network& network, const std::vector<std::vector<float>>& inputs) {
  Ranges ranges;
  for (const auto& input : inputs) {
    const RealValues values = evaluate_real(network, input);
    for (spec::TensorId t : values.tensors.ids()) {
      double& largest = ranges.tensor[network.workload.tensors[t].name];
      for (float v : values.tensors[t]) largest = std::max(largest, std::fabs(static_cast<double>(v)));
    }
    for (spec::NodeId n : network.workload.nodes.ids()) {
      double& largest = ranges.before_activation[network.workload.nodes[n].name];
      largest = std::max(largest, static_cast<double>(values.before_activation[n]));
    }
  }
  return ranges;
}

namespace {

class Quantizer {
 public:
  Quantizer(Network& network, const Ranges& ranges) : network_(network), ranges_(ranges) {
    bytes_.resize(network.workload.tensors.size());
  }

  TensorBytes run(const std::vector<float>& input) {
    for (const spec::Node& n : network_.workload.nodes)
      if (n.vector && n.vector->op == spec::VectorOp::kReduce)
        reduced_into_[n.vector->input.tensor] = n.vector->output.tensor;
    for (spec::TensorId t : bytes_.ids()) {
      spec::Tensor& tensor = network_.workload.tensors[t];
      if (tensor.kind != spec::TensorKind::kWeight && tensor.kind != spec::TensorKind::kParameters &&
          t != network_.mask && !reduced_into_.contains(t))
        tensor.scale = symmetric_scale(range(ranges_.tensor, tensor.name));
    }
    auto& given = bytes_[network_.input];
    for (float x : input) given.push_back(quantize_value(x, tensor(network_.input).scale));
    if (network_.mask) bytes_[network_.mask] = padding_mask(network_.workload.tokens, network_.workload.tokens);
    for (spec::NodeId n : network_.workload.nodes.ids()) {
      spec::Node& node = network_.workload.nodes[n];
      if (node.gemm)
        gemm(node, network_.real[n]);
      else
        vector(*node.vector, network_.real[n]);
    }
    return std::move(bytes_);
  }

 private:
  spec::Tensor& tensor(spec::TensorId t) { return network_.workload.tensors[t]; }

  static double range(const std::map<std::string, double>& ranges, const std::string& name) {
    const auto at = ranges.find(name);
    HEAT_CHECK(at != ranges.end(), "no range of " + name);
    return at->second;
  }

  // Scale of each (b, m) row of the weight operand, rows of one channel sharing one, at least `floors`; quantises the
  // rows.
  std::vector<double> weight_scales(const spec::GemmNode& g, const std::vector<double>& floors) {
    const spec::TensorId weight = g.weight.tensor;
    const bool batch = g.epilogue.channels_include_batch;
    std::vector<double> scales(static_cast<std::size_t>(batch ? g.extents.b * g.extents.m : g.extents.m),
                               tensor(g.weight.tensor).scale);
    const std::vector<float>& real = network_.weights[weight];
    if (real.empty()) return scales;
    const auto ob = group_offsets(g.weight, g.indices.b), om = group_offsets(g.weight, g.indices.m),
               ok = group_offsets(g.weight, g.indices.k);
    const auto row = [&](std::size_t b, std::size_t m) { return batch ? b * om.size() + m : m; };
    std::vector<double> largest(scales.size(), 0);
    for (std::size_t b = 0; b < ob.size(); ++b)
      for (std::size_t m = 0; m < om.size(); ++m)
        for (std::int64_t k : ok)
          largest[row(b, m)] = std::max(
              largest[row(b, m)], std::fabs(static_cast<double>(real[static_cast<std::size_t>(ob[b] + om[m] + k)])));
    for (std::size_t r = 0; r < scales.size(); ++r) scales[r] = std::max(symmetric_scale(largest[r]), floors[r]);
    bytes_[weight].resize(real.size());
    for (std::size_t b = 0; b < ob.size(); ++b)
      for (std::size_t m = 0; m < om.size(); ++m)
        for (std::int64_t k : ok) {
          const auto i = static_cast<std::size_t>(ob[b] + om[m] + k);
          bytes_[weight][i] = quantize_value(real[i], scales[row(b, m)]);
        }
    return scales;
  }

  void gemm(const spec::Node& node, const RealNode& real) {
    const spec::GemmNode& g = *node.gemm;
    const double scale_in = input_scale(g.input.tensor);
    const double scale_out = tensor(g.epilogue.sums ? reduced_into_.at(g.output.tensor) : g.output.tensor).scale;
    const bool table(g.epilogue.activation_table);
    const double scale_sum = table ? symmetric_scale(range(ranges_.before_activation, node.name)) : scale_out;
    const auto channels = static_cast<std::size_t>(channel_count(g));
    const auto inner = static_cast<std::size_t>(g.epilogue.n_channels);
    // A row of nearly zero weights must still have a ratio of at least 2^-30.
    const std::vector<double> floors(channels / inner, scale_sum / (scale_in * real.factor) * 0x1p-30);
    const std::vector<double> scales = weight_scales(g, floors);
    if (g.epilogue.sums) {
      for (double scale : scales) sum_units_[g.output.tensor].push_back(scale * scale_in * real.factor);
      return;
    }
    std::vector<spec::RequantRecord> records;
    for (std::size_t c = 0; c < channels; ++c) {
      const double unit = scales[c / inner] * scale_in * real.factor;
      records.push_back(requant_record(unit / scale_sum, real.bias.empty() ? 0 : real.bias[c] / scale_sum));
    }
    bytes_[g.epilogue.requant] = bytes_of(records);
    if (table) bytes_[g.epilogue.activation_table] = activation_table(real.activation, scale_sum, scale_out);
  }

  // The input operand has one scale; static data there (both operands static) is quantised whole.
  double input_scale(spec::TensorId t) {
    const std::vector<float>& real = network_.weights[t];
    if (real.empty()) return tensor(t).scale;
    double largest = 0;
    for (float v : real) largest = std::max(largest, std::fabs(static_cast<double>(v)));
    tensor(t).scale = symmetric_scale(largest);
    auto& bytes = bytes_[t];
    bytes.clear();
    for (float v : real) bytes.push_back(quantize_value(v, tensor(t).scale));
    return tensor(t).scale;
  }

  void vector(spec::VectorNode& v, const RealNode& real) {
    if (v.op == spec::VectorOp::kReduce) {
      reduction(v, real);
      return;
    }
    if (v.op == spec::VectorOp::kSoftmax) {
      tensor(v.output.tensor).scale = 1 / kLimit;
      bytes_[v.parameters] = exp_table(tensor(v.input.tensor).scale);
      return;
    }
    const LayerNormIntegers n =
        layer_norm_integers(tensor(v.input.tensor).scale, v.residual ? tensor(v.residual->tensor).scale : 0,
                            tensor(v.output.tensor).scale, real.gamma, real.beta);
    v.multiplier_x = n.multiplier_x;
    v.multiplier_r = n.multiplier_r;
    v.shift = n.shift;
    bytes_[v.parameters] = bytes_of(n.records);
  }

  // A column is a channel of the node that made the sums.
  void reduction(const spec::VectorNode& v, const RealNode& real) {
    const double scale_out = tensor(v.output.tensor).scale;
    std::vector<spec::RequantRecord> records;
    for (double unit : sum_units_.at(v.input.tensor))
      records.push_back(
          requant_record(unit / scale_out, real.bias.empty() ? 0 : real.bias[records.size()] / scale_out));
    bytes_[v.parameters] = bytes_of(records);
  }

  Network& network_;
  const Ranges& ranges_;
  TensorBytes bytes_;
  std::map<spec::TensorId, spec::TensorId> reduced_into_;    // from the tensors of sums
  std::map<spec::TensorId, std::vector<double>> sum_units_;  // real value of 1 in a channel of a tensor of sums
};

}  // namespace

std::vector<std::int8_t> padding_mask(std::int64_t tokens, std::int64_t count) {
  HEAT_CHECK(count >= 1 && count <= tokens, "a sentence has a token and fits");
  std::vector<std::int8_t> mask(static_cast<std::size_t>(tokens), 0);
  std::fill_n(mask.begin(), count, std::int8_t{1});
  return mask;
}

TensorBytes quantize_network(Network& network, const Ranges& ranges, const std::vector<float>& input) {
  HEAT_CHECK(network.has_weights(), "a weight has no values");
  return Quantizer(network, ranges).run(input);
}

}  // namespace heat::offline
