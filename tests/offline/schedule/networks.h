// Small networks with random values, and schedules of one group a node with minimal mappings (for checks of structure).
#pragma once

#include "offline/network/model_config.h"
#include "offline/schedule/lower_network.h"
#include "offline/schedule/random_forms.h"
#include "offline/schedule/static_operand.h"

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
  return forms;
}

// A layer with random cores.
inline LinearForm random_factorized(const std::string& name, Method method, const std::string& shape,
                                    const std::vector<std::int64_t>& ranks, std::int64_t in, std::int64_t out,
                                    std::uint64_t seed) {
  LinearForm form;
  form.name = name;
  form.in = in;
  form.out = out;
  Decomposition d;
  d.method = method;
  d.shape = parse_shape(shape, method, out, in);
  d.ranks = ranks;
  d.cores = empty_cores(method, d.shape, ranks);
  if (method == Method::kCp || method == Method::kSvd)
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
  return forms;
}

// Index and extent of a node's bound dimension.
inline std::pair<spec::Index, std::int64_t> bound_index(const spec::Node& node) {
  if (node.vector) return {node.vector->n.front(), node.vector->input.dims.front().size};
  const auto& i = node.gemm->indices;
  const auto& group = node.bound == spec::LoopDim::kB ? i.b : node.bound == spec::LoopDim::kM ? i.m : i.n;
  for (const auto* view : {&node.gemm->output})
    for (const auto& d : view->dims)
      if (d.index == group.front()) return {d.index, d.size};
  return {};
}

inline void one_group_a_node(spec::Schedule& schedule) {
  for (std::size_t n = 0; n < schedule.nodes.size(); ++n) {
    const auto [index, extent] = bound_index(schedule.nodes[n]);
    spec::FusedGroup group;
    group.name = schedule.nodes[n].name;
    group.index = index;
    group.extent = extent;
    group.nodes = {static_cast<int>(n)};
    schedule.groups.push_back(group);
  }
  assign_addresses(schedule);
}

}  // namespace heat::offline::test
