// Two passes where sums are divided: the layers whose sums can be are known when all have their nodes.
#include "offline/schedule/lower_network.h"

#include <algorithm>
#include <map>

#include "base/errors.h"
#include "offline/schedule/divided_sum.h"
#include "offline/schedule/network_lowering.h"

namespace heat::offline {

using spec::TensorKind;

namespace {

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
