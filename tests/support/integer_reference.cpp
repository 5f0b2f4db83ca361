// Mechanism: for a node, each index group (b, m, n, k) is enumerated once as a list of all its values' byte offsets in
// a view; an element is then at offset(b) + offset(m) + offset(k). Source of the formulas: the text of
// spec/arithmetic.h.
#include "tests/support/integer_reference.h"

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace heat::test_support {
namespace {

using spec::Index;
using spec::Node;
using spec::TensorView;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::runtime_error("integer reference: " + where + ": " + what);
}

const spec::ViewDim& dim_of(const TensorView& view, const Index& index, const std::string& where) {
  for (const auto& dim : view.dims) {
    if (dim.index == index) return dim;
  }
  fail(where, "a view lacks index '" + index + "'");
}

// Byte offsets in `view` of every combination of values of `indices`, the last index fastest.
std::vector<std::int64_t> offsets(const TensorView& view, const std::vector<Index>& indices, const std::string& where) {
  std::vector<std::int64_t> result{0};
  for (const auto& index : indices) {
    const spec::ViewDim& dim = dim_of(view, index, where);
    std::vector<std::int64_t> next;
    for (std::int64_t base : result) {
      for (std::int64_t value = 0; value < dim.size; ++value)
        next.push_back(base + value / dim.inner * dim.stride + value % dim.inner * dim.inner_stride);
    }
    result = next;
  }
  return result;
}

// Offsets of the groups a view consists of; checks that the view holds nothing else and stays inside the tensor.
struct Addressing {
  std::vector<std::int64_t> first, second, third;
};

Addressing addressing(const TensorView& view, const std::vector<Index>& a, const std::vector<Index>& b,
                      const std::vector<Index>& c, std::size_t bytes, const std::string& where) {
  if (view.dims.size() != a.size() + b.size() + c.size()) fail(where, "a view has dimensions of no index group");
  Addressing result{offsets(view, a, where), offsets(view, b, where), offsets(view, c, where)};
  const auto top = [](const std::vector<std::int64_t>& list) { return *std::max_element(list.begin(), list.end()); };
  const auto low = [](const std::vector<std::int64_t>& list) { return *std::min_element(list.begin(), list.end()); };
  if (result.first.empty() || result.second.empty() || result.third.empty()) fail(where, "an index has no values");
  const std::int64_t last = top(result.first) + top(result.second) + top(result.third);
  const std::int64_t lowest = low(result.first) + low(result.second) + low(result.third);
  if (lowest < 0 || last >= static_cast<std::int64_t>(bytes)) fail(where, "a view reaches beyond its tensor");
  return result;
}

std::uint64_t little_endian(const std::vector<std::int8_t>& bytes, std::size_t offset, int count) {
  std::uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i) {
    value = value * 256 + static_cast<std::uint8_t>(bytes.at(offset + static_cast<std::size_t>(i)));
  }
  return value;
}

spec::RequantRecord requant_record(const std::vector<std::int8_t>& bytes, std::size_t channel) {
  const std::size_t at = channel * 4;
  spec::RequantRecord record{};
  record.bias = static_cast<std::int16_t>(static_cast<std::uint16_t>(little_endian(bytes, at, 2)));
  record.scale = static_cast<std::uint16_t>(little_endian(bytes, at + 2, 2));
  return record;
}

std::int8_t clamp_to_int8(std::int64_t value) {
  if (value < -128) return -128;
  if (value > 127) return 127;
  return static_cast<std::int8_t>(value);
}

std::int64_t power_of_two(int exponent) {
  std::int64_t value = 1;
  for (int i = 0; i < exponent; ++i) value *= 2;
  return value;
}

// (value + half) >> shift for an arithmetic shift: floor((value + 2^(shift-1)) / 2^shift).
std::int64_t rounding_shift(std::int64_t value, int shift) {
  return floor_division(value + power_of_two(shift - 1), power_of_two(shift));
}

// Four bytes a sum, the lowest first; the third group runs over them behind its own values.
void store_sums(const Addressing& y, const std::vector<std::int32_t>& sums, std::vector<std::int8_t>& output) {
  std::size_t position = 0;
  for (std::int64_t b : y.first) {
    for (std::int64_t m : y.second) {
      for (std::size_t i = 0; i < y.third.size(); ++i) {
        std::int64_t rest = std::int64_t{sums.at(position + i / 4)} + (std::int64_t{1} << 32);
        for (std::size_t byte = 0; byte < i % 4; ++byte) rest /= 256;
        const auto value = static_cast<std::uint8_t>(rest % 256);
        output.at(static_cast<std::size_t>(b + m + y.third[i])) = static_cast<std::int8_t>(value);
      }
      position += y.third.size() / 4;
    }
  }
}

}  // namespace

std::int64_t floor_division(std::int64_t numerator, std::int64_t denominator) {
  std::int64_t quotient = numerator / denominator;
  const std::int64_t remainder = numerator % denominator;
  if (remainder != 0 && (remainder < 0) != (denominator < 0)) --quotient;
  return quotient;
}

std::int64_t integer_square_root(std::int64_t value) {
  std::int64_t low = 0, high = 3037000499;  // floor(sqrt(2^63 - 1))
  while (low < high) {                      // largest `low` with low * low <= value
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (middle * middle <= value) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

std::int8_t requantise(std::int32_t accumulated, const spec::RequantRecord& record) {
  const int shift = record.scale / 1024;
  const std::int64_t multiplier = 1024 + record.scale % 1024;
  const std::int64_t bias = std::int64_t{record.bias} * power_of_two(shift - 5);
  return clamp_to_int8(rounding_shift(static_cast<std::int64_t>(accumulated) * multiplier + bias, shift));
}

// The row of the columns that count, put back between zeros.
std::vector<std::int8_t> softmax_row(const std::vector<std::int8_t>& row, const std::vector<std::uint16_t>& exp_table,
                                     const std::vector<std::int8_t>& mask) {
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (mask.empty() || mask.at(i) == 1) columns.push_back(i);
  }
  std::int8_t largest = row.at(columns.at(0));
  for (std::size_t i : columns) largest = std::max(largest, row[i]);
  std::int64_t sum = 0;
  std::vector<std::int64_t> exponentials;
  for (std::size_t i : columns) {
    exponentials.push_back(exp_table.at(static_cast<std::size_t>(int{largest} - int{row[i]})));
    sum += exponentials.back();
  }
  std::vector<std::int8_t> out(row.size(), 0);
  for (std::size_t c = 0; c < columns.size(); ++c) {
    out[columns[c]] = static_cast<std::int8_t>((exponentials[c] * 254 + sum) / (2 * sum));
  }
  return out;
}

std::vector<std::int8_t> layer_norm_row(const std::vector<std::int8_t>& row, const std::vector<std::int8_t>& residual,
                                        std::int32_t multiplier_x, std::int32_t multiplier_r,
                                        const std::vector<std::int32_t>& gamma, const std::vector<std::int64_t>& beta,
                                        int shift) {
  const std::int64_t columns = static_cast<std::int64_t>(row.size());
  std::vector<std::int64_t> y;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::int64_t r = residual.empty() ? 0 : residual.at(i);
    y.push_back(std::int64_t{row[i]} * multiplier_x + r * multiplier_r);
    sum += y.back();
  }
  const std::int64_t mean = floor_division(sum, columns);
  std::int64_t squares = 0;
  for (std::int64_t value : y) squares += (value - mean) * (value - mean);
  const std::int64_t deviation = std::max<std::int64_t>(1, integer_square_root(floor_division(squares, columns)));
  std::vector<std::int8_t> out;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::int64_t normalised = (y[i] - mean) * 65536 / deviation;
    out.push_back(clamp_to_int8(rounding_shift(normalised * gamma.at(i) + beta.at(i), shift)));
  }
  return out;
}

IntegerReference::IntegerReference(const spec::Schedule& schedule, const std::vector<std::uint8_t>& dram_image)
    : schedule_(schedule) {
  for (spec::TensorId t : schedule.workload.tensors.ids()) {
    const spec::Tensor& tensor = schedule.workload.tensors[t];
    const std::int64_t address = schedule.plan.dram_addresses[t];
    const auto bytes = static_cast<std::size_t>(tensor.bytes());
    std::vector<std::int8_t> content(bytes, 0);
    const bool given = tensor.kind == spec::TensorKind::kInput || tensor.kind == spec::TensorKind::kWeight ||
                       tensor.kind == spec::TensorKind::kParameters;
    if (given) {
      if (address < 0 || static_cast<std::size_t>(address) + bytes > dram_image.size()) {
        fail(tensor.name, "does not lie in the DRAM image");
      }
      for (std::size_t i = 0; i < bytes; ++i) {
        content[i] = static_cast<std::int8_t>(dram_image[static_cast<std::size_t>(address) + i]);
      }
    }
    data_.push_back(std::move(content));
  }
}

void IntegerReference::set_tensor(spec::TensorId tensor, std::vector<std::int8_t> bytes) {
  data_.at(static_cast<std::size_t>(tensor.value)) = std::move(bytes);
}

std::vector<std::int32_t> IntegerReference::accumulate(const Node& node) const {
  const spec::GemmNode& g = node.gemm.value();
  const auto& ix = g.indices;
  const auto& weight = tensor(g.weight.tensor);
  const auto& input = tensor(g.input.tensor);
  const Addressing w = addressing(g.weight, ix.b, ix.m, ix.k, weight.size(), node.name + ": weight");
  const Addressing x = addressing(g.input, ix.b, ix.n, ix.k, input.size(), node.name + ": input");
  if (w.first.size() != x.first.size() || w.third.size() != x.third.size()) fail(node.name, "operands differ in size");
  std::vector<std::int32_t> sums;
  for (std::size_t b = 0; b < w.first.size(); ++b) {
    for (std::int64_t m : w.second) {
      for (std::int64_t n : x.second) {
        std::int64_t sum = 0;
        for (std::size_t k = 0; k < w.third.size(); ++k) {
          sum += std::int64_t{weight[static_cast<std::size_t>(w.first[b] + m + w.third[k])]} *
                 input[static_cast<std::size_t>(x.first[b] + n + x.third[k])];
        }
        if (sum > std::numeric_limits<std::int32_t>::max() || sum < std::numeric_limits<std::int32_t>::min()) {
          fail(node.name, "a sum does not fit 32 bits");
        }
        sums.push_back(static_cast<std::int32_t>(sum));
      }
    }
  }
  return sums;
}

void IntegerReference::run_gemm(const Node& node) {
  const spec::GemmNode& g = node.gemm.value();
  const auto& ix = g.indices;
  const std::vector<std::int32_t> sums = accumulate(node);
  auto& output = data_.at(static_cast<std::size_t>(g.output.tensor.value));
  std::vector<Index> columns = ix.n;
  if (g.epilogue.sums) columns.push_back("byte");
  const Addressing y = addressing(g.output, ix.b, ix.m, columns, output.size(), node.name + ": output");
  if (g.epilogue.sums) return store_sums(y, sums, output);
  if (y.first.size() * y.second.size() * y.third.size() != sums.size()) fail(node.name, "output differs in size");
  if (!g.epilogue.requant) fail(node.name, "has no requantisation records");
  const auto& records = tensor(g.epilogue.requant);
  std::size_t position = 0;
  for (std::size_t b = 0; b < y.first.size(); ++b) {
    for (std::size_t m = 0; m < y.second.size(); ++m) {
      const std::size_t row = g.epilogue.channels_include_batch ? b * y.second.size() + m : m;
      for (std::size_t n = 0; n < y.third.size(); ++n) {
        const auto per_row = static_cast<std::size_t>(g.epilogue.n_channels);
        std::int8_t q = requantise(sums[position++], requant_record(records, row * per_row + n % per_row));
        if (g.epilogue.activation_table) {
          q = tensor(g.epilogue.activation_table).at(static_cast<std::size_t>(int{q} + 128));
        }
        output[static_cast<std::size_t>(y.first[b] + y.second[m] + y.third[n])] = q;
      }
    }
  }
}

void IntegerReference::run_softmax(const Node& node) {
  const spec::VectorNode& v = node.vector.value();
  const auto& parameters = tensor(v.parameters);
  std::vector<std::uint16_t> exp_table;
  for (std::size_t i = 0; i < 256; ++i) {
    exp_table.push_back(static_cast<std::uint16_t>(little_endian(parameters, 2 * i, 2)));
  }
  const auto& input = tensor(v.input.tensor);
  const std::vector<std::int8_t> mask = v.mask ? tensor(v.mask) : std::vector<std::int8_t>{};
  auto& output = data_.at(static_cast<std::size_t>(v.output.tensor.value));
  const Addressing x = addressing(v.input, v.n, v.k, {}, input.size(), node.name + ": input");
  const Addressing y = addressing(v.output, v.n, v.k, {}, output.size(), node.name + ": output");
  for (std::size_t n = 0; n < x.first.size(); ++n) {
    std::vector<std::int8_t> row;
    for (std::int64_t k : x.second) row.push_back(input[static_cast<std::size_t>(x.first[n] + k)]);
    const std::vector<std::int8_t> result = softmax_row(row, exp_table, mask);
    for (std::size_t k = 0; k < result.size(); ++k) {
      output[static_cast<std::size_t>(y.first.at(n) + y.second.at(k))] = result[k];
    }
  }
}

void IntegerReference::run_layer_norm(const Node& node) {
  const spec::VectorNode& v = node.vector.value();
  const auto& parameters = tensor(v.parameters);
  std::vector<std::int32_t> gamma;
  std::vector<std::int64_t> beta;
  for (std::size_t i = 0; i < static_cast<std::size_t>(v.columns); ++i) {
    gamma.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(little_endian(parameters, 16 * i, 4))));
    beta.push_back(static_cast<std::int64_t>(little_endian(parameters, 16 * i + 4, 8)));
  }
  const auto& input = tensor(v.input.tensor);
  auto& output = data_.at(static_cast<std::size_t>(v.output.tensor.value));
  const Addressing x = addressing(v.input, v.n, v.k, {}, input.size(), node.name + ": input");
  const Addressing y = addressing(v.output, v.n, v.k, {}, output.size(), node.name + ": output");
  Addressing r;
  if (v.residual) {
    r = addressing(*v.residual, v.n, v.k, {}, tensor(v.residual->tensor).size(), node.name + ": residual");
  }
  for (std::size_t n = 0; n < x.first.size(); ++n) {
    std::vector<std::int8_t> row, residual;
    for (std::int64_t k : x.second) row.push_back(input[static_cast<std::size_t>(x.first[n] + k)]);
    for (std::int64_t k : r.second) {
      residual.push_back(tensor(v.residual->tensor)[static_cast<std::size_t>(r.first.at(n) + k)]);
    }
    const auto result = layer_norm_row(row, residual, v.multiplier_x, v.multiplier_r, gamma, beta, v.shift);
    for (std::size_t k = 0; k < result.size(); ++k) {
      output[static_cast<std::size_t>(y.first.at(n) + y.second.at(k))] = result[k];
    }
  }
}

std::vector<std::int32_t> IntegerReference::reduced(const Node& node) const {
  const spec::VectorNode& v = node.vector.value();
  const auto& input = tensor(v.input.tensor);
  std::vector<Index> columns = v.k;
  columns.push_back("byte");
  const Addressing x = addressing(v.input, v.n, v.parts, columns, input.size(), node.name + ": input");
  std::vector<std::int32_t> sums;
  for (std::int64_t n : x.first) {
    for (std::size_t k = 0; k < x.third.size(); k += 4) {
      std::int64_t sum = 0;
      for (std::int64_t part : x.second) {
        const std::uint64_t bits = little_endian(input, static_cast<std::size_t>(n + part + x.third[k]), 4);
        sum += static_cast<std::int32_t>(static_cast<std::uint32_t>(bits));
      }
      if (sum > std::numeric_limits<std::int32_t>::max() || sum < std::numeric_limits<std::int32_t>::min()) {
        fail(node.name, "partial sums do not fit 32 bits");
      }
      sums.push_back(static_cast<std::int32_t>(sum));
    }
  }
  return sums;
}

void IntegerReference::run_reduction(const Node& node) {
  const spec::VectorNode& v = node.vector.value();
  const auto& parameters = tensor(v.parameters);
  auto& output = data_.at(static_cast<std::size_t>(v.output.tensor.value));
  const std::vector<std::int32_t> sums = reduced(node);
  const Addressing y = addressing(v.output, v.n, v.k, {}, output.size(), node.name + ": output");
  if (y.first.size() * y.second.size() != sums.size()) fail(node.name, "output differs in size");
  std::size_t position = 0;
  for (std::int64_t n : y.first) {
    for (std::size_t k = 0; k < y.second.size(); ++k) {
      output[static_cast<std::size_t>(n + y.second[k])] = requantise(sums[position++], requant_record(parameters, k));
    }
  }
}

void IntegerReference::run(const Node& node) {
  if (node.gemm) return run_gemm(node);
  if (!node.vector) fail(node.name, "is neither a GEMM nor a vector node");
  switch (node.vector->op) {
    case spec::VectorOp::kSoftmax:
      return run_softmax(node);
    case spec::VectorOp::kLayerNorm:
      return run_layer_norm(node);
    case spec::VectorOp::kReduce:
      return run_reduction(node);
  }
  fail(node.name, "has an unknown vector operation");
}

TensorData run_reference(const spec::Schedule& schedule, const std::vector<std::uint8_t>& dram_image) {
  IntegerReference reference(schedule, dram_image);
  for (const auto& group : schedule.plan.groups) {
    for (const auto& planned : group.nodes) reference.run(schedule.workload.nodes[planned.node]);
  }
  TensorData result;
  for (spec::TensorId t : schedule.workload.tensors.ids()) {
    result[schedule.workload.tensors[t].name] = reference.tensor(t);
  }
  return result;
}

}  // namespace heat::test_support
