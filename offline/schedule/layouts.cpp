// Backwards over the steps, since a softmax reads in the order in which its own reader wants its result.
#include "offline/schedule/layouts.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/errors.h"
#include "base/overloaded.h"

namespace heat::offline {
namespace {

using Labels = std::vector<std::string>;
using Order = std::vector<std::size_t>;

bool has(const Labels& labels, const std::string& label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

// Positions of `labels` in the order of `wanted`.
Order order_of(const Labels& labels, const std::vector<const Labels*>& wanted) {
  Order order;
  for (const Labels* group : wanted)
    for (const std::string& label : *group)
      if (const auto at = std::find(labels.begin(), labels.end(), label); at != labels.end())
        order.push_back(static_cast<std::size_t>(at - labels.begin()));
  return order;
}

class Layouts {
 public:
  Layouts(const Graph& graph, const MachineBody& body, AttentionLoop loop)
      : graph_(graph), body_(body), loop_(loop), wishes_(graph.values.size()), layouts_(graph.values.size()) {
    for (std::size_t v = 0; v < layouts_.size(); ++v)
      for (std::size_t axis = 0; axis < graph.values[v].axes.size(); ++axis) {
        layouts_[v].order.push_back(axis);
        const Axis& a = graph.values[v].axes[axis];
        layouts_[v].labels.push_back(a.size == kRuntimeSize ? "t" : a.name);
      }
  }

  std::vector<ValueLayout> run() {
    for (const MachineStep& step : body_.steps) label(step);
    want_flat(body_.output);
    for (auto step = body_.steps.rbegin(); step != body_.steps.rend(); ++step) {
      settle(output_of(*step));
      std::visit(base::Overloaded{[this](const LinearStep& s) { want_flat(s.input); },
                                  [this](const NormStep& s) {
                                    want_flat(s.input);
                                    if (s.residual != kNoValue) want_flat(s.residual);
                                  },
                                  [this](const SoftmaxStep& s) { softmax(s); },
                                  [this](const ProductStep& s) { product(s.product); }},
                 *step);
    }
    return std::move(layouts_);
  }

 private:
  ValueLayout& layout(ValueId id) { return layouts_[static_cast<std::size_t>(id)]; }

  // Products give their labels to what they make, and to what they read unless a product made it.
  void label(const MachineStep& step) {
    if (const auto* p = std::get_if<ProductStep>(&step)) {
      layout(p->product.output).labels = p->product.output_axes;
      if (!made_by_product_.contains(p->product.a)) layout(p->product.a).labels = p->product.a_axes;
      if (!made_by_product_.contains(p->product.b)) layout(p->product.b).labels = p->product.b_axes;
      made_by_product_.insert(p->product.output);
    }
    if (const auto* s = std::get_if<SoftmaxStep>(&step)) {
      layout(s->output).labels = layout(s->input).labels;
      if (made_by_product_.contains(s->input)) made_by_product_.insert(s->output);
    }
  }

  void want(ValueId id, std::optional<Order> order) {
    wishes_[static_cast<std::size_t>(id)].push_back(std::move(order));
  }
  void want_flat(ValueId id) { want(id, std::nullopt); }

  // All readers have spoken: what they agree on, or flat.
  void settle(ValueId id) {
    const auto& wishes = wishes_[static_cast<std::size_t>(id)];
    const bool agreed = !wishes.empty() && wishes.front() &&
                        std::all_of(wishes.begin(), wishes.end(), [&](const auto& w) { return w == wishes.front(); });
    if (!agreed) return;
    layout(id).flat = false;
    layout(id).order = *wishes.front();
  }

  void softmax(const SoftmaxStep& s) {
    const ValueLayout& out = layout(s.output);
    if (out.order.back() + 1 != out.order.size())
      throw base::ConfigError(s.name + " (softmax): its reader wants '" +
                              graph_.values[static_cast<std::size_t>(s.output)].name +
                              "' otherwise than with the softmax's axis innermost");
    if (out.flat)
      want_flat(s.input);
    else
      want(s.input, out.order);
  }

  void product(const op::Matmul& p) {
    const ProductLabels l = product_labels(p);
    if (loop_ == AttentionLoop::kTokens)
      want(p.a, order_of(p.a_axes, {&l.of_a, &l.shared, &l.summed}));
    else
      want(p.a, order_of(p.a_axes, {&l.shared, &l.of_a, &l.summed}));
    want(p.b, order_of(p.b_axes, {&l.shared, &l.of_b, &l.summed}));
  }

  const Graph& graph_;
  const MachineBody& body_;
  const AttentionLoop loop_;
  std::vector<std::vector<std::optional<Order>>> wishes_;
  std::vector<ValueLayout> layouts_;
  std::set<ValueId> made_by_product_;
};

}  // namespace

ProductLabels product_labels(const op::Matmul& p) {
  ProductLabels labels;
  for (const std::string& l : p.a_axes) {
    const bool in_b = has(p.b_axes, l), in_output = has(p.output_axes, l);
    if (in_b && in_output) labels.shared.push_back(l);
    if (!in_b && in_output) labels.of_a.push_back(l);
    if (!in_output) labels.summed.push_back(l);
  }
  for (const std::string& l : p.b_axes)
    if (!has(p.a_axes, l)) labels.of_b.push_back(l);
  return labels;
}

std::vector<ValueLayout> value_layouts(const Graph& graph, const MachineBody& body, AttentionLoop loop) {
  return Layouts(graph, body, loop).run();
}

}  // namespace heat::offline
