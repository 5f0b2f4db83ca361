// One pass in the graph's order. An activation or a sum waits for the step that takes it in; what still waits when
// another operator reads it has no place on the machine.
#include "offline/schedule/machine_steps.h"

#include <map>

#include "base/errors.h"
#include "base/overloaded.h"

namespace heat::offline {
namespace {

constexpr const char* kMachine = "the machine";

class Folding {
 public:
  explicit Folding(const Graph& graph) : graph_(graph), uses_(graph.values.size(), 0) {
    for (std::size_t i = graph.body.first; i < graph.body.last; ++i)
      for (ValueId v : inputs_of(graph.operators[i].operation)) ++uses_[static_cast<std::size_t>(v)];
  }

  MachineBody run() {
    const std::vector<ValueId> entering = values_entering(graph_, graph_.body);
    if (entering.size() != 1)
      throw base::ConfigError("the network's body takes " + std::to_string(entering.size()) +
                              " values: the machine takes one");
    body_.input = entering.front();
    for (std::size_t i = graph_.body.first; i < graph_.body.last; ++i) {
      current_ = &graph_.operators[i];
      std::visit([this](const auto& operation) { fold(operation); }, current_->operation);
    }
    if (!masked_.empty()) refuse(*masked_.begin()->second, kMachine);
    body_.output = source(graph_.sequence);
    for (ValueId v : values_entering(graph_, {graph_.body.last, graph_.operators.size()}))
      if (source(v) != body_.output)
        throw base::ConfigError("the network's head reads '" + value(v).name + "': the machine delivers '" +
                                value(body_.output).name + "' alone");
    return std::move(body_);
  }

 private:
  const Value& value(ValueId id) const { return graph_.values[static_cast<std::size_t>(id)]; }

  int uses(ValueId id) const { return uses_[static_cast<std::size_t>(id)]; }

  // What holds the value on the machine.
  ValueId source(ValueId id) const {
    if (const auto sum = sums_.find(id); sum != sums_.end()) refuse(*sum->second, kMachine);
    const auto same = same_as_.find(id);
    return same == same_as_.end() ? id : same->second;
  }

  void fold(const op::Linear& o) {
    LinearLayer layer{current_->name, o.parameters, features_of(value(o.input)), features_of(value(o.output)),
                      Activation::kNone};
    body_.steps.push_back(LinearStep{std::move(layer), source(o.input), o.output});
  }

  void fold(const op::Matmul& o) {
    op::Matmul product = o;
    product.a = source(o.a);
    product.b = source(o.b);
    body_.steps.push_back(ProductStep{current_->name, std::move(product)});
  }

  void fold(const op::Softmax& o) {
    const bool masked = masked_.erase(o.input) > 0;
    body_.steps.push_back(SoftmaxStep{current_->name, source(o.input), o.output, masked});
  }

  void fold(const op::Norm& o) {
    NormStep step{{current_->name, o.parameters, features_of(value(o.input))}, o.input, kNoValue, o.output};
    if (const auto sum = sums_.find(o.input); sum != sums_.end()) {
      const auto& add = std::get<op::Add>(sum->second->operation);
      sums_.erase(sum);
      step.residual = source(add.b);
      step.input = source(add.a);
    } else {
      step.input = source(o.input);
    }
    body_.steps.push_back(std::move(step));
  }

  void fold(const op::Add& o) {
    if (uses(o.output) != 1) refuse(*current_, kMachine);
    sums_[o.output] = current_;
  }

  void fold(const op::Activate& o) {
    auto* linear = body_.steps.empty() ? nullptr : std::get_if<LinearStep>(&body_.steps.back());
    const bool its_only_use = linear && linear->output == source(o.input) &&
                              linear->layer.activation == Activation::kNone && uses(linear->output) == 1 &&
                              uses(o.input) == 1;
    if (!its_only_use) refuse(*current_, kMachine);
    linear->layer.activation = o.function;
    same_as_[o.output] = linear->output;
  }

  void fold(const op::Dropout& o) { same_as_[o.output] = source(o.input); }
  void fold(const op::Mask& o) {
    if (o.kind != op::MaskKind::kPadding || uses(o.output) != 1) refuse(*current_, kMachine);
    same_as_[o.output] = source(o.input);
    masked_[o.output] = current_;
  }

  void fold(const op::Embedding&) { refuse(*current_, kMachine); }
  void fold(const op::Select&) { refuse(*current_, kMachine); }
  void fold(const op::Cache&) { refuse(*current_, kMachine); }

  const Graph& graph_;
  std::vector<int> uses_;
  const Operator* current_ = nullptr;
  std::map<ValueId, ValueId> same_as_;
  std::map<ValueId, const Operator*> sums_;    // made, not yet taken in by a norm
  std::map<ValueId, const Operator*> masked_;  // not yet read by a softmax
  MachineBody body_;
};

}  // namespace

const std::string& name_of(const MachineStep& step) {
  return std::visit(base::Overloaded{[](const LinearStep& s) -> const std::string& { return s.layer.name; },
                                     [](const NormStep& s) -> const std::string& { return s.layer.name; },
                                     [](const auto& s) -> const std::string& { return s.name; }},
                    step);
}

std::vector<ValueId> inputs_of(const MachineStep& step) {
  return std::visit(
      base::Overloaded{
          [](const ProductStep& s) {
            return std::vector<ValueId>{s.product.a, s.product.b};
          },
          [](const NormStep& s) {
            return s.residual == kNoValue ? std::vector<ValueId>{s.input} : std::vector<ValueId>{s.input, s.residual};
          },
          [](const auto& s) { return std::vector<ValueId>{s.input}; }},
      step);
}

ValueId output_of(const MachineStep& step) {
  return std::visit(
      base::Overloaded{[](const ProductStep& s) { return s.product.output; }, [](const auto& s) { return s.output; }},
      step);
}

bool joins_tokens(const MachineStep& step) {
  return std::visit(base::Overloaded{[](const LinearStep&) { return false; }, [](const NormStep&) { return false; },
                                     [](const ProductStep&) { return true; }, [](const SoftmaxStep&) { return true; }},
                    step);
}

MachineBody machine_steps(const Graph& graph) {
  return Folding(graph).run();
}

std::vector<LinearLayer> linear_layers(const Graph& graph) {
  std::vector<LinearLayer> layers;
  for (const MachineStep& step : machine_steps(graph).steps)
    if (const auto* linear = std::get_if<LinearStep>(&step)) layers.push_back(linear->layer);
  return layers;
}

}  // namespace heat::offline
