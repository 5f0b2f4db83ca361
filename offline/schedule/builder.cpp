// Names, parameter tensors and extents follow from the views, so that a node cannot disagree with what it reads.
#include "offline/schedule/builder.h"

#include <algorithm>

#include "spec/arithmetic.h"

namespace heat::offline {
namespace {

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
  workload().network = std::move(network);
  workload().method = std::move(method);
  workload().tokens = tokens;
}

spec::TensorId NetworkBuilder::tensor(const std::string& name, spec::TensorKind kind, std::vector<std::int64_t> shape,
                                      std::vector<float> values) {
  spec::Tensor t;
  t.name = name;
  t.kind = kind;
  t.shape = std::move(shape);
  HEAT_CHECK(values.empty() || static_cast<std::int64_t>(values.size()) == t.bytes(), "values of " + name);
  network_.weights.push_back(std::move(values));
  return workload().tensors.push_back(std::move(t));
}

spec::NodeId NetworkBuilder::node(spec::Node node, RealNode real, spec::LoopDim bound) {
  network_.real.push_back(std::move(real));
  network_.bounds.push_back(bound);
  return workload().nodes.push_back(std::move(node));
}

void NetworkBuilder::insert_after(spec::NodeId place, spec::Node added, RealNode real, spec::LoopDim bound) {
  node(std::move(added), std::move(real), bound);
  const auto to_place = [&](auto& list) { std::rotate(list.begin() + place.value + 1, list.end() - 1, list.end()); };
  to_place(workload().nodes);
  to_place(network_.real);
  to_place(network_.bounds);
}

void NetworkBuilder::reorder(spec::NodeId first, const std::vector<std::size_t>& order) {
  const auto sort = [&](auto& list) {
    const auto begin = list.begin() + first.value;
    std::vector<std::decay_t<decltype(*begin)>> sorted;
    for (std::size_t i : order) sorted.push_back(std::move(begin[static_cast<std::ptrdiff_t>(i)]));
    std::move(sorted.begin(), sorted.end(), begin);
  };
  sort(workload().nodes);
  sort(network_.real);
  sort(network_.bounds);
}

spec::NodeId NetworkBuilder::gemm(const std::string& name, const std::string& layer, spec::GemmNode g, RealNode real,
                                  spec::LoopDim bound) {
  g.extents = {extent(g.output, g.indices.b), extent(g.output, g.indices.m), extent(g.output, g.indices.n),
               extent(g.input, g.indices.k)};
  const spec::Epilogue epilogue = g.epilogue;
  spec::Node n;
  n.name = name;
  n.layer = layer;
  n.einsum = joined(indices_of(g.weight)) + ", " + joined(indices_of(g.input)) + " -> " + joined(indices_of(g.output));
  n.gemm = std::move(g);
  const spec::NodeId id = node(std::move(n), {}, bound);
  complete_gemm(id, epilogue, std::move(real));
  return id;
}

void NetworkBuilder::adopt(const std::vector<mapper::ChainNode>& nodes) {
  network_.weights.resize(workload().tensors.size());
  network_.real.resize(workload().nodes.size());
  network_.bounds.resize(workload().nodes.size());
  for (const mapper::ChainNode& n : nodes) network_.bounds[n.node] = n.bound;
}

void NetworkBuilder::complete_gemm(spec::NodeId id, spec::Epilogue epilogue, RealNode real) {
  spec::Node& node = workload().nodes[id];
  node.gemm->epilogue = epilogue;
  const std::int64_t channels = channel_count(*node.gemm);
  epilogue.requant = tensor(node.name + ".requant", spec::TensorKind::kParameters,
                            {channels, static_cast<std::int64_t>(sizeof(spec::RequantRecord))});
  if (real.activation != Activation::kNone)
    epilogue.activation_table =
        tensor(node.name + ".activation", spec::TensorKind::kParameters, {spec::kActivationTableBytes});
  node.gemm->epilogue = epilogue;
  network_.real[id] = std::move(real);
}

spec::NodeId NetworkBuilder::softmax(const std::string& name, spec::TensorView input, spec::TensorView output,
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
  return node(std::move(vector_node), {}, spec::LoopDim::kN);
}

spec::NodeId NetworkBuilder::layer_norm(const std::string& name, spec::TensorId input, spec::TensorId residual,
                                        spec::TensorId output, RealNode real) {
  spec::VectorNode v;
  v.op = spec::VectorOp::kLayerNorm;
  v.n = {"t"};
  v.k = {"o"};
  v.rows = workload().tensors[input].shape[0];
  v.columns = workload().tensors[input].shape[1];
  v.input = view_of(workload(), input, {"t", "o"}, {"t", "o"});
  if (residual) v.residual = view_of(workload(), residual, {"t", "o"}, {"t", "o"});
  v.output = view_of(workload(), output, {"t", "o"}, {"t", "o"});
  v.parameters = tensor(name + ".parameters", spec::TensorKind::kParameters,
                        {v.columns, static_cast<std::int64_t>(sizeof(spec::LayerNormRecord))});
  spec::Node n;
  n.name = n.layer = name;
  n.einsum = residual ? "layer norm over o of t o + t o" : "layer norm over o of t o";
  n.vector = std::move(v);
  return node(std::move(n), std::move(real), spec::LoopDim::kN);
}

Network NetworkBuilder::finish(spec::TensorId input, spec::TensorId output) {
  network_.input = input;
  network_.output = output;
  workload().tensors[input].kind = spec::TensorKind::kInput;
  workload().tensors[output].kind = spec::TensorKind::kOutput;
  return std::move(network_);
}

spec::TensorView view_of(const spec::Workload& workload, spec::TensorId tensor, const std::vector<spec::Index>& axes,
                         const std::vector<spec::Index>& order) {
  const spec::Tensor& t = workload.tensors[tensor];
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
