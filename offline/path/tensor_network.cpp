// A factorised layer is its cores and its input (paper, section 2.2.1 and figure 6).
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
  // The input and the output over the modes, with the tokens first.
  void input_and_output(const TensorShape& shape, std::int64_t tokens) {
    if (tokens < 1) throw base::ConfigError("tokens " + std::to_string(tokens) + ": expected at least 1");
    std::vector<Index> input{index("t", tokens)}, output{"t"};
    for (std::size_t n = 0; n < shape.order(); ++n) {
      const CoreAxis mode = mode_axis(shape, n);
      (n < shape.row_modes.size() ? output : input).push_back(index(mode.index, mode.size));
    }
    operand("x", input, false);
    network_.einsum.output = output;
  }
  TensorNetwork take() { return std::move(network_); }

 private:
  TensorNetwork network_;
};

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

TensorNetwork factorized_linear_network(const Form& form, std::int64_t tokens, bool explicit_weights) {
  const CoreNetwork cores = core_network(form);
  Builder b;
  b.input_and_output(form.shape, tokens);
  for (const CoreShape& core : cores.cores) {
    std::vector<Index> indices;
    for (const CoreAxis& a : core.axes)
      if (a.kind == CoreAxis::Kind::kMode || cores.is_shared(a)) indices.push_back(b.index(a.index, a.size));
    b.operand(core.name, indices, true);
  }
  if (explicit_weights && cores.weighted) b.operand("weights", {*cores.weighted}, true);
  return b.take();
}

TensorNetwork dense_linear_network(std::int64_t rows, std::int64_t cols, std::int64_t tokens) {
  Builder b;
  const TensorShape shape{{rows}, {cols}};
  b.input_and_output(shape, tokens);
  b.operand("w", {mode_axis(shape, 0).index, mode_axis(shape, 1).index}, true);
  return b.take();
}

TensorNetwork linear_network(const Form& form, std::int64_t tokens) {
  return form.is_dense() ? dense_linear_network(form.shape.rows(), form.shape.cols(), tokens)
                         : factorized_linear_network(form, tokens);
}

}  // namespace heat::offline
