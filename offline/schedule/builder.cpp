// Names, parameter tensors and extents follow from the views, so that a node cannot disagree with what it reads.
#include "offline/schedule/builder.h"

#include <algorithm>

#include "base/checked.h"

namespace heat::offline {
namespace {

constexpr std::int64_t kAlignment = spec::kDmaBlockBytes;

std::int64_t extent(const spec::TensorView& view, const std::vector<spec::Index>& group) {
  std::int64_t product = 1;
  for (const spec::Index& index : group)
    for (const spec::ViewDim& d : view.dims)
      if (d.index == index) product *= d.size;
  return product;
}

std::string joined(const std::vector<spec::Index>& indices) {
  std::string text;
  for (const auto& i : indices) text += (text.empty() ? "" : " ") + i;
  return text;
}

std::vector<spec::Index> indices_of(const spec::TensorView& view) {
  std::vector<spec::Index> indices;
  for (const auto& d : view.dims) indices.push_back(d.index);
  return indices;
}

}  // namespace

NetworkBuilder::NetworkBuilder(std::string network, std::string method, std::int64_t tokens) {
  network_.schedule.network = std::move(network);
  network_.schedule.method = std::move(method);
  network_.schedule.tokens = tokens;
}

int NetworkBuilder::tensor(const std::string& name, spec::TensorKind kind, std::vector<std::int64_t> shape,
                           std::vector<float> values) {
  spec::Tensor t;
  t.name = name;
  t.kind = kind;
  t.shape = std::move(shape);
  HEAT_CHECK(values.empty() || static_cast<std::int64_t>(values.size()) == t.bytes(), "values of " + name);
  network_.schedule.tensors.push_back(std::move(t));
  network_.weights.push_back(std::move(values));
  return static_cast<int>(network_.schedule.tensors.size()) - 1;
}

int NetworkBuilder::node(spec::Node node, RealNode real) {
  network_.schedule.nodes.push_back(std::move(node));
  network_.real.push_back(std::move(real));
  return static_cast<int>(network_.schedule.nodes.size()) - 1;
}

int NetworkBuilder::gemm(const std::string& name, const std::string& layer, spec::GemmNode g, RealNode real,
                         spec::LoopDim bound) {
  g.extents = {extent(g.output, g.indices.b), extent(g.output, g.indices.m), extent(g.output, g.indices.n),
               extent(g.input, g.indices.k)};
  spec::Node n;
  n.name = name;
  n.layer = layer;
  n.einsum = joined(indices_of(g.weight)) + ", " + joined(indices_of(g.input)) + " -> " + joined(indices_of(g.output));
  n.bound = bound;
  n.gemm = std::move(g);
  const int at = node(std::move(n), {});
  complete_gemm(at, std::move(real));
  return at;
}

void NetworkBuilder::sync() {
  network_.weights.resize(network_.schedule.tensors.size());
  network_.real.resize(network_.schedule.nodes.size());
}

void NetworkBuilder::complete_gemm(int node, RealNode real) {
  const auto at = static_cast<std::size_t>(node);
  const std::string name = network_.schedule.nodes[at].name;
  const std::int64_t channels = channel_count(*network_.schedule.nodes[at].gemm);
  const int requant = tensor(name + ".requant", spec::TensorKind::kParameters,
                             {channels, static_cast<std::int64_t>(sizeof(spec::RequantRecord))});
  const int table = real.activation == Activation::kNone
                        ? -1
                        : tensor(name + ".activation", spec::TensorKind::kParameters, {spec::kActivationTableBytes});
  network_.schedule.nodes[at].gemm->epilogue.requant = requant;
  network_.schedule.nodes[at].gemm->epilogue.activation_table = table;
  network_.real[at] = std::move(real);
}

int NetworkBuilder::softmax(const std::string& name, spec::TensorView input, spec::TensorView output,
                            std::vector<spec::Index> n, std::vector<spec::Index> k) {
  spec::VectorNode v;
  v.op = spec::VectorOp::kSoftmax;
  v.rows = extent(input, n);
  v.columns = extent(input, k);
  v.n = std::move(n);
  v.k = std::move(k);
  v.parameters = tensor(name + ".exp", spec::TensorKind::kParameters, {spec::kExpTableBytes});
  spec::Node vector_node;
  vector_node.name = vector_node.layer = name;
  vector_node.einsum = "softmax over " + joined(v.k) + " of " + joined(indices_of(input));
  v.input = std::move(input);
  v.output = std::move(output);
  vector_node.vector = std::move(v);
  return node(std::move(vector_node), {});
}

int NetworkBuilder::layer_norm(const std::string& name, int input, int residual, int output, RealNode real) {
  spec::VectorNode v;
  v.op = spec::VectorOp::kLayerNorm;
  v.n = {"t"};
  v.k = {"o"};
  v.rows = at(input).shape[0];
  v.columns = at(input).shape[1];
  v.input = view_of(network_.schedule, input, {"t", "o"}, {"t", "o"});
  if (residual >= 0) v.residual = view_of(network_.schedule, residual, {"t", "o"}, {"t", "o"});
  v.output = view_of(network_.schedule, output, {"t", "o"}, {"t", "o"});
  v.parameters = tensor(name + ".parameters", spec::TensorKind::kParameters,
                        {v.columns, static_cast<std::int64_t>(sizeof(spec::LayerNormRecord))});
  spec::Node n;
  n.name = n.layer = name;
  n.einsum = residual >= 0 ? "layer norm over o of t o + t o" : "layer norm over o of t o";
  n.vector = std::move(v);
  return node(std::move(n), std::move(real));
}

Network NetworkBuilder::finish(int input, int output) {
  network_.input = input;
  network_.output = output;
  at(input).kind = spec::TensorKind::kInput;
  at(output).kind = spec::TensorKind::kOutput;
  return std::move(network_);
}

void assign_addresses(spec::Schedule& schedule) {
  std::int64_t next = 0;
  const auto place = [&](bool given) {
    for (spec::Tensor& t : schedule.tensors) {
      const bool is_given = t.kind != spec::TensorKind::kIntermediate && t.kind != spec::TensorKind::kOutput;
      if (is_given != given) continue;
      t.dram_address = -1;
      if (t.home != spec::Home::kDram) continue;
      t.dram_address = next;
      next += base::ceil_div(t.bytes(), kAlignment) * kAlignment;
    }
  };
  place(true);
  place(false);
}

spec::TensorView view_of(const spec::Schedule& schedule, int tensor, const std::vector<spec::Index>& axes,
                         const std::vector<spec::Index>& order) {
  const spec::Tensor& t = schedule.tensors[static_cast<std::size_t>(tensor)];
  HEAT_CHECK(axes.size() == t.shape.size() && order.size() == axes.size(), "axes of " + t.name);
  spec::TensorView view;
  view.tensor = tensor;
  for (const spec::Index& index : order) {
    const auto axis = static_cast<std::size_t>(std::find(axes.begin(), axes.end(), index) - axes.begin());
    HEAT_CHECK(axis < axes.size(), "no axis " + index + " in " + t.name);
    std::int64_t stride = 1;
    for (std::size_t a = axis + 1; a < axes.size(); ++a) stride *= t.shape[a];
    view.dims.push_back({index, t.shape[axis], stride});
  }
  return view;
}

}  // namespace heat::offline
