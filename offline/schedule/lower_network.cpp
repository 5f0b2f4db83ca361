// Layouts come from layouts.h. A factorised layer whose digits do not split at the axes that its reader wants writes
// flat features; readers see the strides that came of it.
#include "offline/schedule/lower_network.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/errors.h"
#include "offline/schedule/divided_sum.h"

namespace heat::offline {
namespace {

using spec::TensorKind;
using Strides = std::vector<std::int64_t>;

// A value in memory: its tensor, and the stride of each of its axes.
struct Placed {
  spec::TensorId tensor;
  Strides strides;
};

// Layers whose sum over features is divided into parts, and those that make what they read.
struct DividedLayers {
  std::int64_t parts = 1;
  std::set<std::string> readers, makers;
};

// Rows of features that lie by parts, as if they did not.
ActivationLayout without_parts(spec::TensorId tensor, std::int64_t features) {
  return {tensor, features, {{"i", features, 1}}};
}

// The index over blocks of `tokens` within `heads`: what `heads` was, of whose values each stands for `blocks` now, and
// `tokens` runs over one block.
struct BlockedIndex {
  std::string heads, tokens;
  std::int64_t blocks = 1;

  std::string name() const { return heads + "." + tokens; }
  // An operand without `tokens` is the same for all blocks.
  void apply(spec::TensorView& view) const {
    std::int64_t stride = 0;
    for (spec::ViewDim& d : view.dims)
      if (d.index == tokens) {
        d.size /= blocks;
        stride = d.size * d.stride;
      }
    for (spec::ViewDim& d : view.dims)
      if (d.index == heads) d = spec::two_digits(name(), d.size, d.stride, blocks, stride);
  }
};

bool reads_the_same(const MachineStep& x, const MachineStep& y) {
  const auto *a = std::get_if<LinearStep>(&x), *b = std::get_if<LinearStep>(&y);
  return a && b && a->input == b->input;
}

// Linear layers behind one another that read the same value.
class Siblings {
 public:
  // The next node is the first of one that reads what the last one does, or something else.
  void begin(NetworkBuilder& builder, bool same) {
    if (!same) take_turns(builder);
    starts_.push_back(builder.workload().nodes.next_id().value);
  }
  // The last one is complete. Their nodes take turns: while one waits for the last of its layer, others work.
  void take_turns(NetworkBuilder& builder) {
    const std::vector<int> starts = std::move(starts_);
    starts_.clear();
    if (starts.size() < 2) return;
    const int end = builder.workload().nodes.next_id().value;
    std::vector<std::size_t> order;
    for (int turn = 0; static_cast<int>(order.size()) < end - starts.front(); ++turn)
      for (std::size_t l = 0; l < starts.size(); ++l)
        if (const int node = starts[l] + turn; node < (l + 1 < starts.size() ? starts[l + 1] : end))
          order.push_back(static_cast<std::size_t>(node - starts.front()));
    builder.reorder(spec::NodeId(starts.front()), order);
  }

 private:
  std::vector<int> starts_;
};

class NetworkLowering {
 public:
  NetworkLowering(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
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

  LoweredNetwork run() {
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

 private:
  // Behind all other tensors, which so are the same as without it.
  void add_mask() {
    if (softmaxes_.empty()) return;
    const spec::TensorId mask = builder_.tensor("padding_mask", TensorKind::kInput, {tokens_});
    builder_.network().mask = mask;
    for (spec::NodeId n : softmaxes_) builder_.workload().nodes[n].vector->mask = mask;
  }

  const Value& value(ValueId id) const { return graph_.values[static_cast<std::size_t>(id)]; }
  const ValueLayout& layout(ValueId id) const { return layouts_[static_cast<std::size_t>(id)]; }
  Placed& at(ValueId id) { return placed_[static_cast<std::size_t>(id)]; }

  std::int64_t size(const Axis& axis, const Value& of) const {
    if (axis.size != kRuntimeSize) return axis.size;
    if (axis.name != "tokens")
      throw base::ConfigError("'" + of.name + "': the machine cannot run the axis '" + axis.name +
                              "', whose length is not that of the tokens");
    return tokens_;
  }

  // Gives a value its tensor. Flat: [tokens, features]; else its axes in the layout's order.
  void place(ValueId id, TensorKind kind) {
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

  // The tensor of a step's result; of a run of products all at its start.
  void place_outputs(std::size_t first) {
    for (std::size_t i = first; i < body_.steps.size(); ++i) {
      const ValueId out = output_of(body_.steps[i]);
      if (!at(out).tensor) place(out, TensorKind::kIntermediate);
      if (!joins_tokens(body_.steps[first]) || i + 1 == body_.steps.size() || !joins_tokens(body_.steps[i + 1])) return;
    }
  }

  ActivationLayout flat(ValueId id, const spec::Index& index) {
    return plain_layout(builder_.workload(), at(id).tensor, index);
  }

  // Tokens lie first among the axes of what a linear layer writes (graph.h).
  void lower(const LinearStep& step) {
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

  // The layer writes every axis where its reader wants it.
  ActivationLayout split(ValueId id) {
    ActivationLayout out{at(id).tensor, at(id).strides.front(), {}};
    for (std::size_t axis = 1; axis < value(id).axes.size(); ++axis)
      out.features.push_back({layout(id).labels[axis], value(id).axes[axis].size, at(id).strides[axis]});
    return out;
  }

  // Parts of features, each a matrix of its own.
  ActivationLayout by_parts(ValueId id) {
    const std::int64_t parts = divided_.parts, columns = features_of(value(id)) / parts;
    builder_.workload().tensors[at(id).tensor].shape = {parts, tokens_, columns};
    return {at(id).tensor, columns, {{kPart, parts, tokens_ * columns}, {"o", columns, 1}}};
  }
  void lay_in_own_order(ValueId id) {
    std::vector<std::int64_t> shape;
    for (const Axis& axis : value(id).axes) shape.push_back(size(axis, value(id)));
    std::int64_t stride = 1;
    for (std::size_t axis = shape.size(); axis-- > 0; stride *= shape[axis]) at(id).strides[axis] = stride;
    builder_.workload().tensors[at(id).tensor].shape = std::move(shape);
  }

  // The value's axes that carry the labels, in the labels' order.
  void add_dims(spec::TensorView& view, ValueId id, const std::vector<std::string>& axes,
                const std::vector<std::string>& labels) {
    for (const std::string& label : labels) {
      const auto axis = static_cast<std::size_t>(std::find(axes.begin(), axes.end(), label) - axes.begin());
      view.dims.push_back({label, size(value(id).axes[axis], value(id)), at(id).strides[axis]});
    }
  }

  void lower(const ProductStep& step) {
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

  void lower(const SoftmaxStep& step) {
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

  void lower(const NormStep& step) {
    const NormForm form = forms_.norm(step.layer);
    RealNode real;
    real.gamma = form.gamma;
    real.beta = form.beta;
    const spec::TensorId residual = step.residual == kNoValue ? spec::TensorId() : at(step.residual).tensor;
    builder_.layer_norm(step.layer.name, at(step.input).tensor, residual, at(step.output).tensor, std::move(real));
  }

  // Of [heads, tokens, ...] with the heads' blocks as the outermost axis.
  void lay_by_blocks(ValueId id) {
    std::vector<std::int64_t>& shape = builder_.workload().tensors[at(id).tensor].shape;
    if (layout(id).flat) return;
    shape[0] *= blocks_;
    shape[1] /= blocks_;
  }

  void end_segment() {
    siblings_.take_turns(builder_);
    const spec::NodeId end = builder_.workload().nodes.next_id();
    if (begin_ < end) segments_.push_back({begin_, end.value - begin_.value});
    begin_ = end;
  }

  const Graph& graph_;
  const NetworkForms& forms_;
  const AttentionLoop loop_;
  const std::int64_t blocks_;
  const DividedLayers divided_;
  const std::int64_t tokens_;
  const bool masked_;
  const MachineBody body_;
  const std::vector<ValueLayout> layouts_;
  std::vector<Placed> placed_;
  NetworkBuilder builder_;
  std::vector<Segment> segments_;
  std::vector<spec::NodeId> softmaxes_;  // that read the mask
  spec::NodeId begin_{0};
  Siblings siblings_;
};

// The first node of a layer; none: it has none.
spec::NodeId first_node(const spec::Workload& workload, const std::string& layer) {
  for (spec::NodeId n : workload.nodes.ids())
    if (workload.nodes[n].layer == layer) return n;
  return {};
}

bool can_write_parts(const spec::Workload& workload, const LinearLayer& maker, std::int64_t parts) {
  if (maker.out % parts != 0) return false;
  const auto at = std::find_if(workload.layers.begin(), workload.layers.end(),
                               [&](const spec::LayerForm& l) { return l.layer == maker.name; });
  HEAT_CHECK(at != workload.layers.end(), "no form of " + maker.name);
  const auto digits = common_refinement(at->form.shape.row_modes, {parts, maker.out / parts});
  return digits && digits->front() == parts;
}

DividedLayers divided_layers(const Graph& graph, const Network& whole, std::int64_t parts) {
  const MachineBody body = machine_steps(graph);
  std::map<ValueId, int> readers;
  std::map<ValueId, const LinearLayer*> makers;
  for (const MachineStep& step : body.steps) {
    for (ValueId v : inputs_of(step)) ++readers[v];
    if (const auto* s = std::get_if<LinearStep>(&step)) makers[s->output] = &s->layer;
  }
  DividedLayers divided{parts, {}, {}};
  for (const MachineStep& step : body.steps) {
    const auto* reader = std::get_if<LinearStep>(&step);
    if (!reader || !makers.contains(reader->input) || readers[reader->input] != 1) continue;
    const LinearLayer& maker = *makers[reader->input];
    const spec::NodeId first = first_node(whole.workload, reader->layer.name);
    if (divided.readers.contains(maker.name) || !can_divide_sum(whole, first, parts)) continue;
    if (!can_write_parts(whole.workload, maker, parts)) continue;
    divided.readers.insert(reader->layer.name);
    divided.makers.insert(maker.name);
  }
  return divided;
}

}  // namespace

LoweredNetwork lower_network(const Graph& graph, const NetworkLabel& label, const NetworkForms& forms,
                             const LoweringChoice& choice) {
  LoweredNetwork whole = NetworkLowering(graph, label, forms, choice, {}).run();
  if (choice.parts <= 1) return whole;
  DividedLayers divided = divided_layers(graph, whole.network, choice.parts);
  if (divided.readers.empty()) return whole;
  return NetworkLowering(graph, label, forms, choice, std::move(divided)).run();
}

LoweredNetwork lower_single_linear(const NetworkLabel& label, const LinearForm& form, const LoweringTarget& target,
                                   Activation activation) {
  NetworkBuilder builder(label.network, label.method, label.tokens);
  const spec::TensorId x = builder.tensor(form.name + ".input", TensorKind::kInput, {label.tokens, form.in});
  const spec::TensorId y = builder.tensor(form.name + ".out", TensorKind::kOutput, {label.tokens, form.out});
  lower_linear(builder, form, plain_layout(builder.workload(), x, "i"), plain_layout(builder.workload(), y, "o"),
               activation, target);
  const auto nodes = static_cast<int>(builder.workload().nodes.size());
  return {builder.finish(x, y), {{spec::NodeId(0), nodes}}};
}

}  // namespace heat::offline
