// Steps of the machine become GEMMs, row operations and their tensors in the order of the graph.
#include "offline/schedule/network_lowering.h"

#include <algorithm>

#include "base/errors.h"
#include "offline/schedule/divided_sum.h"
#include "offline/schedule/head_blocks.h"

namespace heat::offline {

using spec::TensorKind;

namespace {

// Rows of features that lie by parts, as if they did not.
ActivationLayout without_parts(spec::TensorId tensor, std::int64_t features) {
  return {tensor, features, {{"i", features, 1}}};
}

}  // namespace

NetworkLowering::NetworkLowering(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                                 const LoweringChoice& choice, DividedLayers divided)
    : graph_(graph),
      forms_(forms),
      loop_(choice.loop),
      blocks_(choice.loop == AttentionLoop::kHeads ? choice.blocks : 1),
      divided_(std::move(divided)),
      tokens_(label.tokens),
      masked_(label.masked),
      body_(machine_steps(graph)),
      layouts_(value_layouts(graph, body_, choice.loop)),
      placed_(graph.values.size()),
      builder_(label.network, label.method, label.tokens) {}

LoweredNetwork NetworkLowering::run() {
  place(body_.input, TensorKind::kInput);
  for (std::size_t i = 0; i < body_.steps.size(); ++i) {
    if (i > 0 && joins_tokens(body_.steps[i]) != joins_tokens(body_.steps[i - 1])) end_segment();
    place_outputs(i);
    siblings_.begin(builder_, i > 0 && reads_the_same(body_.steps[i], body_.steps[i - 1]));
    std::visit([this](const auto& step) { lower(step); }, body_.steps[i]);
  }
  end_segment();
  add_mask();
  return {builder_.finish(at(body_.input).tensor, at(body_.output).tensor), std::move(segments_)};
}

std::int64_t NetworkLowering::size(const Axis& axis, const Value& of) const {
  if (axis.size != kRuntimeSize) return axis.size;
  if (axis.name != "tokens")
    throw base::ConfigError("'" + of.name + "': the machine cannot run the axis '" + axis.name +
                            "', whose length is not that of the tokens");
  return tokens_;
}

void NetworkLowering::place(ValueId id, TensorKind kind) {
  const Value& v = value(id);
  Strides strides(v.axes.size());
  std::int64_t stride = 1;
  std::vector<std::int64_t> shape;
  for (auto axis = layout(id).order.rbegin(); axis != layout(id).order.rend(); ++axis) {
    strides[*axis] = stride;
    stride *= size(v.axes[*axis], v);
    shape.insert(shape.begin(), size(v.axes[*axis], v));
  }
  if (layout(id).flat) shape = {stride / features_of(v), features_of(v)};
  at(id) = {builder_.tensor(v.name, kind, std::move(shape)), std::move(strides)};
}

ActivationLayout NetworkLowering::flat(ValueId id, const spec::Index& index) {
  return plain_layout(builder_.workload(), at(id).tensor, index);
}

void NetworkLowering::lower(const LinearStep& step) {
  const LinearForm form = forms_.linear(step.layer);
  const Activation activation = step.layer.activation;
  const spec::NodeId first = builder_.workload().nodes.next_id();
  if (divided_.readers.contains(step.layer.name)) {
    lower_linear(builder_, form, without_parts(at(step.input).tensor, form.in), flat(step.output, "o"), activation,
                 forms_.target);
    divide_sum(builder_, first, divided_.parts);
    return;
  }
  if (divided_.makers.contains(step.layer.name)) {
    lower_linear(builder_, form, flat(step.input, "i"), by_parts(step.output), activation, forms_.target);
    name_parts(builder_, spec::NodeId(builder_.workload().nodes.next_id().value - 1), divided_.parts);
    return;
  }
  ActivationLayout out = layout(step.output).flat ? flat(step.output, "o") : split(step.output);
  std::vector<std::int64_t> digits;
  for (const auto& d : out.features) digits.push_back(d.size);
  if (!can_write(form, digits)) {
    lay_in_own_order(step.output);
    out = {at(step.output).tensor, form.out, {{"o", form.out, 1}}};
  }
  lower_linear(builder_, form, flat(step.input, "i"), out, activation, forms_.target);
}

ActivationLayout NetworkLowering::split(ValueId id) {
  ActivationLayout out{at(id).tensor, at(id).strides.front(), {}};
  for (std::size_t axis = 1; axis < value(id).axes.size(); ++axis)
    out.features.push_back({layout(id).labels[axis], value(id).axes[axis].size, at(id).strides[axis]});
  return out;
}

void NetworkLowering::lower(const ProductStep& step) {
  const op::Matmul& p = step.product;
  const ProductLabels l = product_labels(p);
  spec::GemmNode g;
  g.indices = {l.shared, l.of_b, l.of_a, l.summed};
  const auto view = [&](ValueId id, const std::vector<std::string>& axes,
                        std::initializer_list<const std::vector<std::string>*> groups) {
    spec::TensorView v;
    v.tensor = at(id).tensor;
    for (const auto* labels : groups) add_dims(v, id, axes, *labels);
    return v;
  };
  g.weight = view(p.b, p.b_axes, {&l.shared, &l.of_b, &l.summed});
  g.input = view(p.a, p.a_axes, {&l.shared, &l.of_a, &l.summed});
  g.output = view(p.output, p.output_axes, {&l.shared, &l.of_b, &l.of_a});
  if (blocks_ > 1 && l.shared.size() == 1 && l.of_a.size() == 1) {
    const BlockedIndex index{l.shared.front(), l.of_a.front(), blocks_};
    g.indices.b = {index.name()};
    for (spec::TensorView* v : {&g.weight, &g.input, &g.output}) index.apply(*v);
    lay_by_blocks(p.output);
  }
  RealNode real;
  real.factor = p.factor;
  const bool over_shared = loop_ == AttentionLoop::kHeads && !l.shared.empty();
  builder_.gemm(step.name, step.name, g, real, over_shared ? spec::LoopDim::kB : spec::LoopDim::kN);
}

void NetworkLowering::lower(const SoftmaxStep& step) {
  const ValueLayout& l = layout(step.output);
  std::vector<std::string> labels;
  for (std::size_t axis : l.order) labels.push_back(l.labels[axis]);
  spec::TensorView in, out;
  in.tensor = at(step.input).tensor;
  out.tensor = at(step.output).tensor;
  add_dims(in, step.input, l.labels, labels);
  add_dims(out, step.output, l.labels, labels);
  if (blocks_ > 1 && labels.size() == 3) {
    const BlockedIndex index{labels[0], labels[1], blocks_};
    index.apply(in);
    index.apply(out);
    lay_by_blocks(step.output);
    labels[0] = index.name();
  }
  const spec::NodeId node =
      builder_.softmax(step.name, std::move(in), std::move(out), {labels.begin(), labels.end() - 1}, {labels.back()});
  if (masked_ && step.masks_padding) softmaxes_.push_back(node);
}

void NetworkLowering::lower(const NormStep& step) {
  const NormForm form = forms_.norm(step.layer);
  RealNode real;
  real.gamma = form.gamma;
  real.beta = form.beta;
  const spec::TensorId residual = step.residual == kNoValue ? spec::TensorId() : at(step.residual).tensor;
  builder_.layer_norm(step.layer.name, at(step.input).tensor, residual, at(step.output).tensor, std::move(real));
}

void NetworkLowering::add_mask() {
  if (softmaxes_.empty()) return;
  const spec::TensorId mask = builder_.tensor("padding_mask", TensorKind::kInput, {tokens_});
  builder_.network().mask = mask;
  for (spec::NodeId n : softmaxes_) builder_.workload().nodes[n].vector->mask = mask;
}

void NetworkLowering::place_outputs(std::size_t first) {
  for (std::size_t i = first; i < body_.steps.size(); ++i) {
    const ValueId out = output_of(body_.steps[i]);
    if (!at(out).tensor) place(out, TensorKind::kIntermediate);
    if (!joins_tokens(body_.steps[first]) || i + 1 == body_.steps.size() || !joins_tokens(body_.steps[i + 1])) return;
  }
}

ActivationLayout NetworkLowering::by_parts(ValueId id) {
  const std::int64_t parts = divided_.parts, columns = features_of(value(id)) / parts;
  builder_.workload().tensors[at(id).tensor].shape = {parts, tokens_, columns};
  return {at(id).tensor, columns, {{kPart, parts, tokens_ * columns}, {"o", columns, 1}}};
}

void NetworkLowering::lay_in_own_order(ValueId id) {
  std::vector<std::int64_t> shape;
  for (const Axis& axis : value(id).axes) shape.push_back(size(axis, value(id)));
  std::int64_t stride = 1;
  for (std::size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) at(id).strides[axis] = stride;
  builder_.workload().tensors[at(id).tensor].shape = std::move(shape);
}

void NetworkLowering::add_dims(spec::TensorView& view, ValueId id, const std::vector<std::string>& axes,
                               const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    const auto axis = static_cast<std::size_t>(std::find(axes.begin(), axes.end(), label) - axes.begin());
    view.dims.push_back({label, size(value(id).axes[axis], value(id)), at(id).strides[axis]});
  }
}

void NetworkLowering::lay_by_blocks(ValueId id) {
  std::vector<std::int64_t>& shape = builder_.workload().tensors[at(id).tensor].shape;
  if (layout(id).flat) return;
  shape[0] *= blocks_;
  shape[1] /= blocks_;
}

void NetworkLowering::end_segment() {
  siblings_.take_turns(builder_);
  const spec::NodeId end = builder_.workload().nodes.next_id();
  if (begin_ < end) segments_.push_back({begin_, end.value - begin_.value});
  begin_ = end;
}

}  // namespace heat::offline
