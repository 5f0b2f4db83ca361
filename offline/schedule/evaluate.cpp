// A GEMM node is packed into dense operands (one matrix a batch value), multiplied, and scattered through the output
// view.
#include "offline/schedule/evaluate.h"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/errors.h"
#include "spec/arithmetic.h"

namespace heat::offline {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

using RealTensors = spec::IdVector<spec::TensorId, std::vector<float>>;

// The offsets a GEMM node's three views span, group by group.
struct GemmOffsets {
  std::vector<std::int64_t> weight_b, weight_m, weight_k, input_b, input_n, input_k, output_b, output_m, output_n;
  explicit GemmOffsets(const spec::GemmNode& g)
      : weight_b(group_offsets(g.weight, g.indices.b)),
        weight_m(group_offsets(g.weight, g.indices.m)),
        weight_k(group_offsets(g.weight, g.indices.k)),
        input_b(group_offsets(g.input, g.indices.b)),
        input_n(group_offsets(g.input, g.indices.n)),
        input_k(group_offsets(g.input, g.indices.k)),
        output_b(group_offsets(g.output, g.indices.b)),
        output_m(group_offsets(g.output, g.indices.m)),
        output_n(group_offsets(g.output, g.indices.n)) {}
};

std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

// Rows `row` by columns `column` of a strided operand, as T.
template <class T, class S>
void pack(const std::vector<S>& source, std::int64_t base, const std::vector<std::int64_t>& row,
          const std::vector<std::int64_t>& column, T* packed) {
  for (std::int64_t r : row)
    for (std::int64_t c : column) *packed++ = static_cast<T>(source[at(base + r + c)]);
}

void real_gemm(const spec::GemmNode& g, const RealNode& real, RealTensors& tensors, float& peak) {
  const GemmOffsets o(g);
  const auto& weight = tensors[g.weight.tensor];
  const auto& input = tensors[g.input.tensor];
  auto& output = tensors[g.output.tensor];
  Matrix w(g.extents.m, g.extents.k), x(g.extents.n, g.extents.k), y(g.extents.m, g.extents.n);
  for (std::int64_t b = 0; b < g.extents.b; ++b) {
    pack(weight, o.weight_b[at(b)], o.weight_m, o.weight_k, w.data());
    pack(input, o.input_b[at(b)], o.input_n, o.input_k, x.data());
    y.noalias() = w * x.transpose();
    for (std::int64_t m = 0; m < g.extents.m; ++m)
      for (std::int64_t n = 0; n < g.extents.n; ++n) {
        double v = real.factor * y(m, n);
        if (!real.bias.empty()) v += real.bias[at(channel_of(g, b, m, n))];
        peak = std::max(peak, static_cast<float>(std::fabs(v)));
        output[at(o.output_b[at(b)] + o.output_m[at(m)] + o.output_n[at(n)])] =
            static_cast<float>(activate(real.activation, v));
      }
  }
}

void real_softmax(const float* row, const std::vector<std::int64_t>& column, std::vector<double>& out) {
  double largest = row[column[0]], sum = 0;
  for (std::int64_t c : column) largest = std::max(largest, static_cast<double>(row[c]));
  for (std::size_t i = 0; i < column.size(); ++i) sum += out[i] = std::exp(row[column[i]] - largest);
  for (double& v : out) v /= sum;
}

void real_layer_norm(const RealNode& real, std::vector<double>& row) {
  double mean = 0, variance = 0;
  for (double v : row) mean += v;
  mean /= static_cast<double>(row.size());
  for (double v : row) variance += (v - mean) * (v - mean);
  const double scale = 1 / std::sqrt(variance / static_cast<double>(row.size()) + 1e-12);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = (row[i] - mean) * scale * real.gamma[i] + real.beta[i];
}

// Every column of a row is the sum of its parts.
void real_reduction(const spec::VectorNode& v, const RealNode& real, RealTensors& tensors) {
  const auto rows = group_offsets(v.input, v.n), parts = group_offsets(v.input, v.parts),
             columns = group_offsets(v.input, v.k);
  const auto out_rows = group_offsets(v.output, v.n), out_columns = group_offsets(v.output, v.k);
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      double sum = real.bias.empty() ? 0 : real.bias[c];
      for (std::int64_t part : parts) sum += tensors[v.input.tensor][at(rows[r] + part + columns[c])];
      tensors[v.output.tensor][at(out_rows[r] + out_columns[c])] = static_cast<float>(sum);
    }
}

void real_vector(const spec::VectorNode& v, const RealNode& real, RealTensors& tensors) {
  if (v.op == spec::VectorOp::kReduce) return real_reduction(v, real, tensors);
  const auto rows = group_offsets(v.input, v.n), columns = group_offsets(v.input, v.k);
  const auto out_rows = group_offsets(v.output, v.n), out_columns = group_offsets(v.output, v.k);
  std::vector<std::int64_t> r_rows, r_columns;
  if (v.residual) r_rows = group_offsets(*v.residual, v.n), r_columns = group_offsets(*v.residual, v.k);
  const auto& input = tensors[v.input.tensor];
  auto& output = tensors[v.output.tensor];
  std::vector<double> row(columns.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    if (v.op == spec::VectorOp::kSoftmax) {
      real_softmax(&input[at(rows[r])], columns, row);
    } else {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        row[c] = input[at(rows[r] + columns[c])];
        if (v.residual) row[c] += tensors[v.residual->tensor][at(r_rows[r] + r_columns[c])];
      }
      real_layer_norm(real, row);
    }
    for (std::size_t c = 0; c < columns.size(); ++c)
      output[at(out_rows[r] + out_columns[c])] = static_cast<float>(row[c]);
  }
}

std::int8_t clamp8(std::int64_t v) {
  return static_cast<std::int8_t>(std::clamp<std::int64_t>(v, -128, 127));
}

std::int64_t round_shift(std::int64_t v, int shift) {
  return (v + (std::int64_t{1} << (shift - 1))) >> shift;
}

template <class Record>
Record record_at(const std::vector<std::int8_t>& bytes, std::int64_t i) {
  Record record;
  std::memcpy(&record, bytes.data() + at(i) * sizeof(Record), sizeof(Record));
  return record;
}

std::int8_t requantise(std::int32_t sum, const spec::RequantRecord& r, const std::int8_t* table) {
  const int shift = spec::requant_shift(r);
  const std::int64_t bias = r.bias * (std::int64_t{1} << (shift - spec::kRequantBiasBits));
  const std::int8_t q = clamp8(round_shift(sum * spec::requant_multiplier(r) + bias, shift));
  return table ? table[static_cast<std::uint8_t>(q + 128)] : q;
}

// sums[n] = sum over k of w[k] x[n, k]. At most 2^15 products of int8 values: the order of the sum does not matter.
#ifdef __x86_64__
__attribute__((target_clones("avx2", "default")))
#endif
void multiply_row(const std::int16_t* w, const std::int16_t* x, std::int64_t rows, std::int64_t columns,
                  std::int32_t* sums) {
  for (std::int64_t n = 0; n < rows; ++n, x += columns) {
    std::int32_t sum = 0;
    for (std::int64_t k = 0; k < columns; ++k) sum += std::int32_t{w[k]} * x[k];
    sums[n] = sum;
  }
}

void integer_gemm(const spec::GemmNode& g, TensorBytes& values) {
  const GemmOffsets o(g);
  auto& output = values[g.output.tensor];
  const std::int8_t* table = g.epilogue.activation_table ? values[g.epilogue.activation_table].data() : nullptr;
  std::vector<std::int16_t> w(at(g.extents.m * g.extents.k)), x(at(g.extents.n * g.extents.k));
  std::vector<std::int32_t> sums(at(g.extents.n));
  for (std::int64_t b = 0; b < g.extents.b; ++b) {
    pack(values[g.weight.tensor], o.weight_b[at(b)], o.weight_m, o.weight_k, w.data());
    pack(values[g.input.tensor], o.input_b[at(b)], o.input_n, o.input_k, x.data());
    for (std::int64_t m = 0; m < g.extents.m; ++m) {
      multiply_row(&w[at(m * g.extents.k)], x.data(), g.extents.n, g.extents.k, sums.data());
      for (std::int64_t n = 0; n < g.extents.n; ++n) {
        std::int8_t* out = &output[at(o.output_b[at(b)] + o.output_m[at(m)] + o.output_n[at(n)])];
        if (g.epilogue.sums)
          std::memcpy(out, &sums[at(n)], sizeof sums[at(n)]);
        else
          *out = requantise(sums[at(n)],
                            record_at<spec::RequantRecord>(values[g.epilogue.requant], channel_of(g, b, m, n)), table);
      }
    }
  }
}

// `mask`: empty, or 0 for the columns that do not count.
void integer_softmax(const std::vector<std::int8_t>& table, const std::vector<std::int8_t>& mask,
                     std::vector<std::int64_t>& row) {
  const auto counts = [&](std::size_t i) { return mask.empty() || mask[i] != 0; };
  std::int64_t largest = -128;
  for (std::size_t i = 0; i < row.size(); ++i)
    if (counts(i)) largest = std::max(largest, row[i]);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = counts(i) ? record_at<std::uint16_t>(table, largest - row[i]) : 0;
    sum += static_cast<std::uint32_t>(row[i]);
  }
  for (std::int64_t& v : row) v = (v * 254 + sum) / (2 * std::int64_t{sum});
}

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

std::int64_t floor_sqrt(std::int64_t v) {
  auto s = static_cast<std::int64_t>(std::sqrt(static_cast<double>(v)));
  while (s * s > v) --s;
  while ((s + 1) * (s + 1) <= v) ++s;
  return s;
}

void integer_layer_norm(const spec::VectorNode& v, const std::vector<std::int8_t>& records,
                        std::vector<std::int64_t>& row) {
  const auto length = static_cast<std::int64_t>(row.size());
  std::int64_t sum = 0, squares = 0;
  for (std::int64_t y : row) sum += y;
  const std::int64_t mean = floor_div(sum, length);
  for (std::int64_t& y : row) y -= mean, squares += y * y;
  const std::int64_t s = std::max<std::int64_t>(1, floor_sqrt(squares / length));
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto r = record_at<spec::LayerNormRecord>(records, static_cast<std::int64_t>(i));
    const auto beta =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(static_cast<std::uint32_t>(r.beta_high)) << 32 |
                                  static_cast<std::uint32_t>(r.beta_low));
    row[i] = clamp8(round_shift(row[i] * 65536 / s * r.gamma + beta, v.shift));
  }
}

void integer_reduction(const spec::VectorNode& v, TensorBytes& values) {
  const auto rows = group_offsets(v.input, v.n), parts = group_offsets(v.input, v.parts),
             columns = group_offsets(v.input, v.k);
  const auto out_rows = group_offsets(v.output, v.n), out_columns = group_offsets(v.output, v.k);
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t c = 0; c < columns.size(); ++c) {
      std::int32_t sum = 0;
      for (std::int64_t part : parts) {
        std::int32_t one = 0;
        std::memcpy(&one, &values[v.input.tensor][at(rows[r] + part + columns[c])], sizeof one);
        sum += one;
      }
      values[v.output.tensor][at(out_rows[r] + out_columns[c])] =
          requantise(sum, record_at<spec::RequantRecord>(values[v.parameters], static_cast<std::int64_t>(c)), nullptr);
    }
}

void integer_vector(const spec::VectorNode& v, TensorBytes& values) {
  if (v.op == spec::VectorOp::kReduce) return integer_reduction(v, values);
  const auto rows = group_offsets(v.input, v.n), columns = group_offsets(v.input, v.k);
  const auto out_rows = group_offsets(v.output, v.n), out_columns = group_offsets(v.output, v.k);
  std::vector<std::int64_t> r_rows, r_columns;
  if (v.residual) r_rows = group_offsets(*v.residual, v.n), r_columns = group_offsets(*v.residual, v.k);
  const auto& input = values[v.input.tensor];
  const auto& parameters = values[v.parameters];
  const std::vector<std::int8_t> mask = v.mask ? values[v.mask] : std::vector<std::int8_t>{};
  std::vector<std::int64_t> row(columns.size());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    for (std::size_t c = 0; c < columns.size(); ++c) {
      row[c] = input[at(rows[r] + columns[c])];
      if (v.op == spec::VectorOp::kLayerNorm) {
        row[c] *= v.multiplier_x;
        if (v.residual)
          row[c] += std::int64_t{values[v.residual->tensor][at(r_rows[r] + r_columns[c])]} * v.multiplier_r;
      }
    }
    if (v.op == spec::VectorOp::kSoftmax)
      integer_softmax(parameters, mask, row);
    else
      integer_layer_norm(v, parameters, row);
    for (std::size_t c = 0; c < columns.size(); ++c)
      values[v.output.tensor][at(out_rows[r] + out_columns[c])] = static_cast<std::int8_t>(row[c]);
  }
}

}  // namespace

RealValues evaluate_real(const Network& network, const std::vector<float>& input) {
  const spec::Workload& workload = network.workload;
  HEAT_CHECK(static_cast<std::int64_t>(input.size()) == workload.tensors[network.input].bytes(), "input size");
  RealValues values;
  values.tensors = network.weights;
  values.tensors.resize(workload.tensors.size());
  for (spec::TensorId t : workload.tensors.ids())
    if (!workload.tensors[t].is_given()) values.tensors[t].assign(at(workload.tensors[t].bytes()), 0);
  values.tensors[network.input] = input;
  values.before_activation.assign(workload.nodes.size(), 0);
  for (spec::NodeId n : workload.nodes.ids()) {
    const spec::Node& node = workload.nodes[n];
    if (node.gemm)
      real_gemm(*node.gemm, network.real[n], values.tensors, values.before_activation[n]);
    else
      real_vector(*node.vector, network.real[n], values.tensors);
  }
  return values;
}

void evaluate_integer(const spec::Workload& workload, TensorBytes& values) {
  values.resize(workload.tensors.size());
  for (spec::TensorId t : workload.tensors.ids()) values[t].resize(at(workload.tensors[t].bytes()));
  for (const spec::Node& node : workload.nodes) {
    if (node.gemm)
      integer_gemm(*node.gemm, values);
    else
      integer_vector(*node.vector, values);
  }
}

}  // namespace heat::offline
