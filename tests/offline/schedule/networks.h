// Small networks with random values, and schedules of one group a node with minimal mappings (for checks of structure).
#pragma once

#include <algorithm>

#include "offline/decompose/form_text.h"
#include "offline/network/model_config.h"
#include "offline/schedule/addresses.h"
#include "offline/schedule/lower_network.h"
#include "offline/schedule/random_forms.h"
#include "offline/schedule/static_operand.h"
#include "spec/schedule.h"

namespace heat::offline::test {

// An encoder of the first model type, without a classifier.
inline Graph encoder(std::int64_t layers, std::int64_t hidden, std::int64_t heads, std::int64_t intermediate) {
  ModelConfig config;
  config.num_hidden_layers = layers;
  config.hidden_size = hidden;
  config.num_attention_heads = heads;
  config.intermediate_size = intermediate;
  return build_network(config);
}

inline LinearForm empty_form(const LinearLayer& layer) {
  LinearForm form;
  form.name = layer.name;
  form.in = layer.in;
  form.out = layer.out;
  return form;
}

inline NetworkForms random_forms(std::uint64_t seed) {
  NetworkForms forms;
  forms.linear = [seed](const LinearLayer& layer) {
    LinearForm form = empty_form(layer);
    randomize(form, seed);
    return form;
  };
  forms.norm = [seed](const NormLayer& layer) { return random_norm(layer.name, layer.features, seed); };
  forms.target.grain = {1, 16, 1, 16};
  return forms;
}

// A layer with random cores.
inline LinearForm random_factorized(const std::string& name, const std::string& method, const std::string& shape,
                                    const std::vector<std::int64_t>& ranks, std::int64_t in, std::int64_t out,
                                    std::uint64_t seed) {
  LinearForm form;
  form.name = name;
  form.in = in;
  form.out = out;
  Decomposition d = without_values({method, parse_shape(shape, method_named(method), out, in), ranks});
  if (core_network(d.form).weighted)
    for (std::int64_t r = 0; r < ranks[0]; ++r)
      d.weights.push_back(1.5 - static_cast<double>(r) / static_cast<double>(ranks[0]));
  form.factors = d;
  randomize(form, seed);
  return form;
}

inline NetworkForms empty_forms() {
  NetworkForms forms;
  forms.linear = empty_form;
  forms.norm = [](const NormLayer&) { return NormForm{}; };
  forms.target.grain = {1, 16, 1, 16};
  return forms;
}

// A machine's lanes, for lowering.
inline LoweringTarget target() {
  LoweringTarget t;
  t.grain = {1, 16, 1, 16};
  return t;
}

inline spec::Schedule one_group_a_node(const Network& network) {
  spec::Schedule schedule{network.workload, {}, "", ""};
  for (spec::NodeId n : network.workload.nodes.ids()) {
    const spec::Node& node = network.workload.nodes[n];
    spec::FusedGroup group;
    group.name = node.name;
    group.index = node.indices(network.bounds[n]).front();
    for (const auto& d : node.writes().dims)
      if (d.index == group.index) group.extent = d.size;
    group.nodes = {{n, network.bounds[n], {}, {}}};
    schedule.plan.groups.push_back(group);
  }
  assign_addresses(schedule.workload, schedule.plan);
  return schedule;
}

// The DRAM image of a schedule's given tensors.
inline std::vector<std::uint8_t> image_of(const spec::Schedule& schedule, const TensorBytes& bytes) {
  std::vector<std::uint8_t> image;
  for (spec::TensorId t : schedule.workload.tensors.ids()) {
    if (!schedule.workload.tensors[t].is_given()) continue;
    const std::int64_t address = schedule.plan.dram_addresses[t];
    image.resize(std::max(image.size(), static_cast<std::size_t>(address + schedule.workload.tensors[t].bytes())));
    std::copy(bytes[t].begin(), bytes[t].end(), image.begin() + address);
  }
  return image;
}

}  // namespace heat::offline::test
