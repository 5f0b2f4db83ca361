// A length's network is lowered like the scheduled one, less the mapping; tensor t of one length is tensor t of every
// other, which is what lets them share scales.
#include "offline/schedule/integer_network.h"

#include <algorithm>

#include "offline/schedule/evaluate.h"

namespace heat::offline {

NetworkFamily::NetworkFamily(Graph graph, std::int64_t usual_tokens, NetworkForms forms)
    : graph_(std::move(graph)),
      features_(features_of(graph_.values[static_cast<std::size_t>(machine_steps(graph_).input)])),
      forms_(std::move(forms)) {
  const PathChooser choose = forms_.target.choose;
  forms_.target.choose = [choose, usual = usual_tokens](const TensorNetwork& network) {
    TensorNetwork asked = network;
    asked.einsum.sizes.at("t") = usual;
    OnlinePlan plan = choose(asked);
    plan.network.einsum.sizes.at("t") = network.einsum.sizes.at("t");
    return plan;
  };
}

Network NetworkFamily::network(std::int64_t tokens) const {
  return lower_network(graph_, {"", "mixed", tokens}, forms_).network;
}

Ranges NetworkFamily::calibrate(const std::vector<std::vector<float>>& inputs) const {
  std::map<std::int64_t, std::vector<std::vector<float>>> by_length;
  for (const auto& input : inputs) by_length[static_cast<std::int64_t>(input.size()) / features_].push_back(input);
  Ranges all;
  for (const auto& [tokens, same] : by_length) all.include(calibrate_ranges(network(tokens), same));
  return all;
}

void IntegerNetwork::prepare(std::int64_t tokens) {
  if (lengths_.contains(tokens)) return;
  Quantized q{family_.network(tokens), {}};
  q.bytes =
      quantize_network(q.network, ranges_, std::vector<float>(static_cast<std::size_t>(tokens * family_.features())));
  q.network.weights.clear();  // from here on the bytes count
  lengths_.emplace(tokens, std::move(q));
}

std::vector<float> IntegerNetwork::run(const std::vector<float>& input) const {
  const Quantized& q = lengths_.at(static_cast<std::int64_t>(input.size()) / family_.features());
  const auto& tensors = q.network.workload.tensors;
  TensorBytes values = q.bytes;
  auto& given = values[q.network.input];
  const double scale = tensors[q.network.input].scale;
  std::transform(input.begin(), input.end(), given.begin(), [scale](float x) { return quantize_value(x, scale); });
  evaluate_integer(q.network.workload, values);
  const spec::TensorId out = q.network.output;
  std::vector<float> result;
  for (std::int8_t v : values[out]) result.push_back(static_cast<float>(tensors[out].scale * v));
  return result;
}

}  // namespace heat::offline
