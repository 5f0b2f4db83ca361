// Sums and views of what a model has counted.
#include "machines/cost.h"

#include <algorithm>

#include "base/errors.h"

namespace heat::machines {

double GroupCost::edp_js(const spec::ArchSpec& arch) const {
  return spec::edp_js(spec::Picojoules(energy_pj), spec::Nanoseconds(cycles / arch.clock_ghz));
}

const char* GroupCost::bottleneck() const {
  HEAT_CHECK(!resource_cycles.empty(), "resources of a costed group");
  return std::max_element(resource_cycles.begin(), resource_cycles.end(),
                          [](const ResourceCycles& x, const ResourceCycles& y) { return x.cycles < y.cycles; })
      ->resource;
}

spec::Prediction GroupCost::prediction() const {
  return {cycles, energy_pj, energy_by_component_pj};
}

void GroupCost::predict(spec::FusedGroup& group) const {
  group.prediction = prediction();
  for (std::size_t i = 0; i < nodes.size(); ++i)
    group.nodes[i].prediction = {nodes[i].cycles, nodes[i].energy_pj, nodes[i].energy_by_component_pj};
}

}  // namespace heat::machines
