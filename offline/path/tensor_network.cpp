// The einsums of the four decompositions (paper, section 2.2.1 and figure 6).
#include "offline/path/tensor_network.h"

#include "base/errors.h"

namespace heat::offline {
namespace {

using spec::Index;

// Collects operands; an index is introduced with its size where it first occurs.
class Builder {
 public:
  Index index(const std::string& name, std::int64_t size) {
    network_.einsum.sizes[name] = size;
    return name;
  }
  void operand(const std::string& name, std::vector<Index> indices, bool is_static) {
    network_.einsum.operands.push_back(std::move(indices));
    network_.names.push_back(name);
    network_.is_static.push_back(is_static);
  }
  // The input and the output over the modes, with the tokens first; the indices of all modes, rows first.
  std::vector<Index> input_and_output(const TensorShape& shape, std::int64_t tokens) {
    if (tokens < 1) throw base::ConfigError("tokens " + std::to_string(tokens) + ": expected at least 1");
    std::vector<Index> modes, input{index("t", tokens)}, output{"t"};
    for (std::size_t k = 0; k < shape.row_modes.size(); ++k)
      modes.push_back(output.emplace_back(index("m" + std::to_string(k), shape.row_modes[k])));
    for (std::size_t k = 0; k < shape.col_modes.size(); ++k)
      modes.push_back(input.emplace_back(index("n" + std::to_string(k), shape.col_modes[k])));
    operand("x", input, false);
    network_.einsum.output = output;
    return modes;
  }
  TensorNetwork take() { return std::move(network_); }

 private:
  TensorNetwork network_;
};

std::string numbered(const TensorShape& shape, std::size_t mode, const char* row, const char* col) {
  const std::size_t rows = shape.row_modes.size();
  return mode < rows ? row + std::to_string(mode) : col + std::to_string(mode - rows);
}

}  // namespace

std::vector<int> TensorNetwork::statics() const {
  std::vector<int> positions;
  for (std::size_t k = 0; k < is_static.size(); ++k)
    if (is_static[k]) positions.push_back(static_cast<int>(k));
  return positions;
}

TensorNetwork network_from_equation(const std::string& equation, const std::map<Index, std::int64_t>& sizes,
                                    const std::vector<int>& statics) {
  TensorNetwork network;
  network.einsum = spec::Einsum::parse(equation, sizes);
  network.is_static.assign(network.einsum.operands.size(), false);
  for (std::size_t k = 0; k < network.is_static.size(); ++k) network.names.push_back("operand" + std::to_string(k));
  for (int position : statics) {
    if (position < 0 || position >= static_cast<int>(network.is_static.size()))
      throw base::ConfigError("equation '" + equation + "': static operand " + std::to_string(position) +
                              " does not exist (operands 0 to " + std::to_string(network.is_static.size() - 1) + ")");
    network.is_static[static_cast<std::size_t>(position)] = true;
  }
  return network;
}

TensorNetwork factorized_linear_network(Method method, const TensorShape& shape,
                                        const std::vector<std::int64_t>& requested, std::int64_t tokens,
                                        bool explicit_weights) {
  const std::vector<std::int64_t> ranks = feasible_ranks(requested, method, shape);
  Builder b;
  const std::vector<Index> modes = b.input_and_output(shape, tokens);
  switch (method) {
    case Method::kCp:
    case Method::kSvd: {
      const Index r = b.index("r", ranks[0]);
      for (std::size_t n = 0; n < modes.size(); ++n) b.operand(numbered(shape, n, "row", "col"), {modes[n], r}, true);
      if (explicit_weights) b.operand("weights", {r}, true);
      break;
    }
    case Method::kTucker: {
      std::vector<Index> core;
      for (std::size_t n = 0; n < modes.size(); ++n) core.push_back(b.index(numbered(shape, n, "p", "q"), ranks[n]));
      b.operand("core", core, true);
      for (std::size_t n = 0; n < modes.size(); ++n)
        b.operand(numbered(shape, n, "row", "col"), {modes[n], core[n]}, true);
      break;
    }
    case Method::kTtm: {
      const std::size_t cores = shape.row_modes.size();
      for (std::size_t k = 0; k < cores; ++k) {
        std::vector<Index> core;
        if (k > 0) core.push_back("r" + std::to_string(k));
        core.insert(core.end(), {modes[k], modes[cores + k]});
        if (k + 1 < cores) core.push_back(b.index("r" + std::to_string(k + 1), ranks[k + 1]));
        b.operand("core" + std::to_string(k), core, true);
      }
      break;
    }
  }
  return b.take();
}

TensorNetwork dense_linear_network(std::int64_t rows, std::int64_t cols, std::int64_t tokens) {
  Builder b;
  const std::vector<Index> modes = b.input_and_output({{rows}, {cols}}, tokens);
  b.operand("w", modes, true);
  return b.take();
}

}  // namespace heat::offline
