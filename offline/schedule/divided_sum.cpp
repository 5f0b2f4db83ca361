// Views change, elements do not: only the order of the weights in memory does.
#include "offline/schedule/divided_sum.h"

#include <algorithm>

#include "spec/arithmetic.h"
#include "spec/view_bytes.h"

namespace heat::offline {
namespace {

using spec::GemmNode;
using spec::Index;
using spec::TensorView;
using spec::ViewDim;

ViewDim& dim(TensorView& view, const Index& index) {
  const auto at = std::find_if(view.dims.begin(), view.dims.end(), [&](const ViewDim& d) { return d.index == index; });
  HEAT_CHECK(at != view.dims.end(), "a view has no index " + index);
  return *at;
}

// The m indices are the columns of rows [tokens, m].
bool writes_rows(const GemmNode& g) {
  std::int64_t below = 1;
  for (auto index = g.indices.m.rbegin(); index != g.indices.m.rend(); ++index) {
    const ViewDim* d = spec::dim_of(g.output, *index);
    if (d->stride != below) return false;
    below *= d->size;
  }
  return spec::dim_of(g.output, "t")->stride == below;
}

// Puts the dim of the parts, of which `index` is cut, in front.
void cut(TensorView& view, const Index& index, std::int64_t parts) {
  ViewDim& d = dim(view, index);
  d.size /= parts;
  view.dims.insert(view.dims.begin(), {kPart, parts, d.stride * d.size});
}

// The input is read as [parts, tokens, features of a part].
void read_by_parts(TensorView& input, std::int64_t tokens, std::int64_t features, std::int64_t parts) {
  dim(input, kPart).stride = tokens * features / parts;
  dim(input, "t").stride = features / parts;
}

// Lays the weights out with the parts outermost; `index` is cut.
void lay_out_by_parts(Network& network, TensorView& view, const Index& index, std::int64_t parts) {
  spec::Tensor& tensor = network.workload.tensors[view.tensor];
  const std::int64_t piece = dim(view, kPart).stride, bytes = tensor.bytes();  // of a part within one turn of the index
  const std::int64_t turn = piece * parts;
  for (ViewDim& d : view.dims)
    if (d.stride >= turn) d.stride /= parts;
  dim(view, kPart).stride = bytes / parts;
  std::int64_t below = bytes;
  for (std::int64_t& size : tensor.shape) {
    below /= size;
    if (below == dim(view, index).stride && size == dim(view, index).size * parts) size /= parts;
  }
  tensor.shape.insert(tensor.shape.begin(), parts);
  HEAT_CHECK(tensor.bytes() == bytes, "axes of " + tensor.name);
  std::vector<float>& values = network.weights[view.tensor];
  if (values.empty()) return;
  std::vector<float> sorted;
  sorted.reserve(values.size());
  for (std::int64_t part = 0; part < parts; ++part)
    for (std::int64_t at = part * piece; at < bytes; at += turn)
      sorted.insert(sorted.end(), values.begin() + at, values.begin() + at + piece);
  values = std::move(sorted);
}

// Sums of the node's output: the same rows, one set a part, kSumBytes each.
TensorView sums_view(NetworkBuilder& builder, const spec::Node& node, std::int64_t parts) {
  TensorView view = node.gemm->output;
  const std::int64_t tokens = spec::dim_of(view, "t")->size, columns = node.gemm->extents.m;
  for (ViewDim& d : view.dims) d.stride *= spec::kSumBytes;
  view.dims.insert(view.dims.begin(), {kPart, parts, tokens * columns * spec::kSumBytes});
  view.dims.push_back({spec::kSumByte, spec::kSumBytes, 1});
  view.tensor =
      builder.tensor(node.name + ".sums", spec::TensorKind::kIntermediate, {parts, tokens, columns, spec::kSumBytes});
  return view;
}

// What adds `sums` up and writes `output`.
spec::Node reduction(const spec::Node& node, const TensorView& sums, const TensorView& output) {
  const GemmNode& g = *node.gemm;
  spec::VectorNode v;
  v.op = spec::VectorOp::kReduce;
  v.n = {"t"};
  v.parts = {kPart};
  v.k = g.indices.m;
  v.rows = spec::dim_of(output, "t")->size;
  v.columns = g.extents.m;
  v.input.tensor = sums.tensor;
  v.output.tensor = output.tensor;
  const auto add = [&](const Index& index, bool to_output) {
    v.input.dims.push_back(*spec::dim_of(sums, index));
    if (to_output) v.output.dims.push_back(*spec::dim_of(output, index));
  };
  add("t", true);
  add(kPart, false);
  for (const Index& index : v.k) add(index, true);
  add(spec::kSumByte, false);
  v.parameters = g.epilogue.requant;
  spec::Node reduce;
  reduce.name = node.name + ".reduce";
  reduce.layer = node.layer;
  reduce.einsum = "sum over " + kPart + " of " + node.name + ".sums";
  reduce.vector = std::move(v);
  return reduce;
}

}  // namespace

bool can_divide_sum(const Network& network, spec::NodeId node, std::int64_t parts) {
  const spec::Node& n = network.workload.nodes[node];
  if (!n.gemm || !n.gemm->epilogue.requant || n.gemm->epilogue.activation_table) return false;
  const GemmNode& g = *n.gemm;
  if (!g.indices.b.empty() || g.indices.n != std::vector<Index>{"t"} || g.indices.k.empty()) return false;
  if (g.epilogue.n_channels != 1 || g.epilogue.channels_include_batch || !writes_rows(g)) return false;
  const ViewDim* lead = spec::dim_of(g.input, g.indices.k.front());
  const spec::Tensor& weight = network.workload.tensors[g.weight.tensor];
  return lead->size % parts == 0 && lead->size * lead->stride == g.extents.k &&
         spec::dim_of(g.input, "t")->stride == g.extents.k && weight.kind == spec::TensorKind::kWeight &&
         !spec::coverage_fault(g.weight, weight.bytes());
}

void divide_sum(NetworkBuilder& builder, spec::NodeId id, std::int64_t parts) {
  HEAT_CHECK(can_divide_sum(builder.network(), id, parts), "a sum that cannot be divided");
  spec::Node node = builder.workload().nodes[id];
  GemmNode& g = *node.gemm;
  const TensorView output = g.output;
  const Index lead = g.indices.k.front();
  cut(g.weight, lead, parts);
  cut(g.input, lead, parts);
  read_by_parts(g.input, spec::dim_of(output, "t")->size, g.extents.k, parts);
  lay_out_by_parts(builder.network(), g.weight, lead, parts);
  g.output = sums_view(builder, node, parts);
  spec::Node reduce = reduction(node, g.output, output);
  g.indices.b = {kPart};
  g.extents.b = parts;
  g.extents.k /= parts;
  g.epilogue = {};
  g.epilogue.sums = true;
  RealNode real;
  real.bias.swap(builder.network().real[id].bias);
  builder.workload().nodes[id] = std::move(node);
  builder.network().bounds[id] = spec::LoopDim::kB;
  builder.insert_after(id, std::move(reduce), std::move(real), spec::LoopDim::kN);
}

void name_parts(NetworkBuilder& builder, spec::NodeId node, std::int64_t parts) {
  GemmNode& g = *builder.workload().nodes[node].gemm;
  const auto outermost = std::max_element(g.output.dims.begin(), g.output.dims.end(),
                                          [](const ViewDim& x, const ViewDim& y) { return x.stride < y.stride; });
  HEAT_CHECK(outermost->size == parts, "parts outermost in what a layer writes");
  const Index old = outermost->index;
  for (auto* list : {&g.indices.b, &g.indices.m, &g.indices.n}) std::replace(list->begin(), list->end(), old, kPart);
  for (TensorView* view : {&g.weight, &g.input, &g.output})
    for (ViewDim& d : view->dims)
      if (d.index == old) d.index = kPart;
}

}  // namespace heat::offline
