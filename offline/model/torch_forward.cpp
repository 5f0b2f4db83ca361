// The operations and their order are those of the graph: training runs are compared bit by bit.
#include "offline/model/torch_forward.h"

#include <algorithm>

#include "base/errors.h"
#include "base/random.h"
#include "offline/model/dropout.h"
#include "offline/model/matmul.h"

namespace heat::offline {
namespace {

constexpr double kHidden = -1e9;  // added to the scores of keys that a query may not see

// The value's axes of fixed size.
std::vector<std::int64_t> fixed_sizes(const Value& value) {
  std::vector<std::int64_t> sizes;
  for (const Axis& a : value.axes)
    if (a.size != kRuntimeSize) sizes.push_back(a.size);
  return sizes;
}

}  // namespace

TorchForward::TorchForward(const Graph& graph, const TorchParameters& parameters, const ForwardOptions& options)
    : graph_(graph), parameters_(parameters), options_(options), values_(graph.values.size()) {}

void TorchForward::give_texts(const at::Tensor& ids, const at::Tensor& lengths) {
  ids_ = ids;
  lengths_ = lengths;
}

void TorchForward::give(ValueId value, const at::Tensor& tensor) {
  values_.at(static_cast<std::size_t>(value)) = tensor;
}

NetworkOutputs TorchForward::run(const OperatorRange& range) {
  std::vector<std::size_t> last_use(values_.size(), range.last);
  for (std::size_t i = range.first; i < range.last; ++i)
    for (ValueId v : inputs_of(graph_.operators[i].operation)) last_use[static_cast<std::size_t>(v)] = i;
  NetworkOutputs outputs;
  for (std::size_t i = range.first; i < range.last; ++i) {
    current_ = &graph_.operators[i];
    const ValueId made = output_of(current_->operation);
    values_[static_cast<std::size_t>(made)] =
        std::visit([this](const auto& o) { return apply(o); }, current_->operation);
    keep(made, outputs);
    for (ValueId v : inputs_of(current_->operation))
      if (last_use[static_cast<std::size_t>(v)] == i) values_[static_cast<std::size_t>(v)] = at::Tensor();
  }
  return outputs;
}

void TorchForward::keep(ValueId id, NetworkOutputs& outputs) const {
  if (id == graph_.sequence) outputs.sequence = at(id);
  if (id == graph_.pooled) outputs.pooled = at(id);
  if (id == graph_.logits) outputs.logits = at(id);
  if (!options_.keep_blocks) return;
  const auto among = [id](const std::vector<ValueId>& ids) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  if (among(graph_.attentions)) outputs.attentions.push_back(at(id));
  if (among(graph_.hidden)) outputs.hidden.push_back(at(id));
}

const at::Tensor& TorchForward::at(ValueId id) const {
  const at::Tensor& tensor = values_[static_cast<std::size_t>(id)];
  HEAT_CHECK(tensor.defined(), graph_.values[static_cast<std::size_t>(id)].name + " was made or given");
  return tensor;
}

at::Tensor TorchForward::apply(const op::Embedding& o) {
  HEAT_CHECK(ids_.defined(), "texts were given");
  const at::Tensor& table = parameters_.tables.at(o.parameters);
  switch (o.row_of) {
    case op::RowOf::kToken:
      return at::embedding(table, ids_);
    case op::RowOf::kPosition:
      HEAT_CHECK(ids_.size(1) <= o.rows, "tokens within the " + std::to_string(o.rows) + " rows of " + o.parameters);
      return table.narrow(0, 0, ids_.size(1));
    case op::RowOf::kFirstSegment:
      return table.select(0, 0);
  }
  throw std::logic_error("RowOf out of range");
}

at::Tensor TorchForward::apply(const op::Linear& o) {
  const std::vector<std::int64_t> in = fixed_sizes(graph_.values[static_cast<std::size_t>(o.input)]),
                                  out = fixed_sizes(graph_.values[static_cast<std::size_t>(o.output)]);
  at::Tensor x = at(o.input);
  std::vector<std::int64_t> sizes(x.sizes().begin(), x.sizes().end() - static_cast<std::ptrdiff_t>(in.size()));
  Linear& linear = *parameters_.linears.at(o.parameters);
  if (in.size() > 1) {
    std::vector<std::int64_t> flat = sizes;
    flat.push_back(linear.in_features());
    x = x.reshape(flat);
  }
  const at::Tensor y = linear.forward(x);
  if (out.size() == 1) return y;
  sizes.insert(sizes.end(), out.begin(), out.end());
  return y.view(sizes);
}

at::Tensor TorchForward::apply(const op::Matmul& o) {
  return labelled_matmul(o, at(o.a), at(o.b));
}

at::Tensor TorchForward::apply(const op::Mask& o) {
  if (o.kind != op::MaskKind::kPadding) refuse(*current_, "the LibTorch forward");
  const at::Tensor& scores = at(o.input);
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(scores.dim()), 1);
  sizes.front() = scores.size(0);
  sizes.back() = scores.size(-1);
  if (!padding_.defined() || padding_.sizes() != at::IntArrayRef(sizes)) {
    HEAT_CHECK(lengths_.defined(), "texts were given");
    const at::Tensor position = at::arange(sizes.back(), at::kLong);
    const at::Tensor behind = position.unsqueeze(0).ge(lengths_.unsqueeze(1));  // [batch, keys]
    padding_ = behind.to(at::kFloat).mul(kHidden).view(sizes);
  }
  return scores + padding_;
}

at::Tensor TorchForward::apply(const op::Softmax& o) {
  return at::softmax(at(o.input), -1);
}

at::Tensor TorchForward::apply(const op::Norm& o) {
  const NormWeights& norm = parameters_.norms.at(o.parameters);
  return at::layer_norm(at(o.input), {norm.weight.size(0)}, norm.weight, norm.bias, o.epsilon);
}

at::Tensor TorchForward::apply(const op::Activate& o) {
  switch (o.function) {
    case Activation::kNone:
      return at(o.input);
    case Activation::kGelu:
      return at::gelu(at(o.input));
    case Activation::kGeluTanh:
      return at::gelu(at(o.input), "tanh");
    case Activation::kRelu:
      return at::relu(at(o.input));
    case Activation::kTanh:
      return at::tanh(at(o.input));
  }
  throw std::logic_error("Activation out of range");
}

at::Tensor TorchForward::apply(const op::Add& o) {
  return at(o.a) + at(o.b);
}

at::Tensor TorchForward::apply(const op::Select& o) {
  return at(o.input).select(1, o.position);
}

at::Tensor TorchForward::apply(const op::Dropout& o) {
  if (!options_.train) return at(o.input);
  const double p = o.of_attention || options_.dropout < 0 ? o.probability : options_.dropout;
  return counter_dropout(at(o.input), p, base::counter_hash(options_.dropout_seed, o.site[0], o.site[1]));
}

at::Tensor TorchForward::apply(const op::Cache&) {
  refuse(*current_, "the LibTorch forward");
}

}  // namespace heat::offline
